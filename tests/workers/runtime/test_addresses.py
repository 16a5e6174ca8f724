"""Which addresses count as inside, and that what was checked is what is dialled."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.hostile_endpoint import HostileEndpoint
from workers.runtime.addresses import check_url, vetted_addresses
from workers.runtime.endpoint import Endpoint, chat
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

ASKED = [{"role": "user", "content": "Hello?"}]
SAMPLING = {"temperature": 0, "top_p": 1, "max_tokens": 1}


@pytest.fixture
def inside():
    """Listens where nobody may reach."""
    endpoint = HostileEndpoint()
    yield endpoint
    endpoint.close()


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_an_ipv6_one_is_judged_like_itself(number):
    plain = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    dressed = [f"::ffff:{plain}", f"64:ff9b::{plain}"]

    def refused(host):
        try:
            vetted_addresses(host, 443, (), seconds=5)
        except EndpointNonsense:
            return True
        return False

    expected = refused(plain)
    assert [refused(host) for host in dressed if refused(host) != expected] == []


def answers(*rows):
    """A resolver that says something else each time."""
    given = list(rows)

    def look_up(host, port, **more):
        addresses = given.pop(0) if len(given) > 1 else given[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return look_up


def test_a_name_that_turns_inward_between_two_look_ups_gains_nothing(inside, monkeypatch):
    """The first answer is public, every later one is loopback: only the first is ever dialled."""
    dialled = []
    monkeypatch.setattr(socket, "getaddrinfo", answers(["93.184.215.14"], ["127.0.0.1"]))
    monkeypatch.setattr(
        socket, "create_connection", lambda address, *args, **more: dialled.append(address) or _refuse()
    )

    with pytest.raises(EndpointUnavailable):
        chat(Endpoint(f"http://rebinding.example:{inside.port}/v1", "m", timeout=3), ASKED, **SAMPLING)

    assert dialled == [("93.184.215.14", inside.port)]
    assert inside.connections == 0


def _refuse():
    raise ConnectionRefusedError


def test_a_name_with_one_inner_address_among_outer_ones_is_refused(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers(["93.184.215.14", "10.0.0.1"]))

    with pytest.raises(EndpointNonsense, match="private"):
        vetted_addresses("mixed.example", 443, (), seconds=5)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", ("127.0.0.0/8",)),
        ("localhost", ("localhost",)),
        ("localhost", ("localhost:8000",)),
        ("::ffff:127.0.0.1", ("127.0.0.1",)),
        ("::1", ("::1",)),
    ],
)
def test_what_the_installation_allows_may_be_called(host, allowed):
    assert vetted_addresses(host, 8000, allowed, seconds=5)


@pytest.mark.parametrize("allowed", [("none",), ("10.0.0.0/8",), ("localhost:9000",), ("evil",), ()])
def test_what_it_does_not_allow_may_not(allowed):
    with pytest.raises(EndpointNonsense, match="WINNOW_PRIVATE_ENDPOINTS"):
        vetted_addresses("localhost", 8000, allowed, seconds=5)


def test_an_outer_address_is_fine(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers(["93.184.215.14"]))

    check_url("https://api.example.com/v1")
    assert vetted_addresses("api.example.com", 443, (), seconds=5) == ["93.184.215.14"]
