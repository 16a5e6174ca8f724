"""No request reaches inside: whatever a private address is dressed up as, nobody is dialled (promise P24)."""

from __future__ import annotations

import socket
import sys

import pytest

from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from tests.factories import make_item, make_project
from tests.workers.hostile_endpoint import HostileEndpoint
from tests.workers.inside_urls import INSIDE, NAMES, NO_ADDRESS
from workers.running import work_off
from workers.runtime.endpoint import Endpoint, chat
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

ASKED = [{"role": "user", "content": "Hello?"}]
SAMPLING = {"temperature": 0, "top_p": 1, "max_tokens": 1}
LOOPBACK = ("127.0.0.0/8",)
REDIRECTS = (301, 302, 303, 307, 308)

_dialled: list[list[object]] = []


def _note(event, arguments):
    """Python tells of every connect before it happens, whichever library asks for it."""
    if event == "socket.connect" and _dialled:
        _dialled[-1].append(arguments[1])


sys.addaudithook(_note)


@pytest.fixture
def dialled():
    """The addresses that this process tries to connect to, from now on."""
    _dialled.append([])
    yield _dialled[-1]
    _dialled.pop()


@pytest.fixture
def inside():
    """Listens where nobody may reach."""
    endpoint = HostileEndpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def resolver(monkeypatch):
    """Knows what a network of its own would; numbers are read as the system reads them."""
    look_up = socket.getaddrinfo

    def answer(host, port, **more):
        if host not in NAMES:
            return look_up(host, port, flags=socket.AI_NUMERICHOST, **more)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in NAMES[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_the_lists_hold_what_was_promised():
    assert len({*INSIDE, *NO_ADDRESS}) == len([*INSIDE, *NO_ADDRESS]) >= 150


def test_a_connection_would_be_seen(inside, dialled):
    chat(Endpoint(inside.url, "m", timeout=3, allowed=LOOPBACK), ASKED, **SAMPLING)

    assert (dialled, inside.connections) == ([("127.0.0.1", inside.port)], 1)


@pytest.mark.parametrize("url", [*INSIDE, *NO_ADDRESS])
def test_nobody_is_dialled(url, inside, dialled, resolver):
    with pytest.raises((EndpointNonsense, EndpointUnavailable)):
        chat(Endpoint(url.replace("{port}", str(inside.port)), "m", timeout=3), ASKED, **SAMPLING)

    assert (dialled, inside.connections) == ([], 0)


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_web_address_is_not_even_looked_up(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: pytest.fail("looked up"))

    with pytest.raises(EndpointNonsense):
        chat(Endpoint(url.replace("{port}", "8000"), "m"), ASKED, **SAMPLING)


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_inward_is_not_followed(status, inside, dialled):
    to = f"http://127.0.0.1:{inside.port}/v1".encode()
    head = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, to)
    outer = HostileEndpoint(lambda number, asked: [head])

    with pytest.raises(EndpointNonsense):
        chat(Endpoint(outer.url, "m", timeout=3, allowed=(f"127.0.0.1:{outer.port}",)), ASKED, **SAMPLING)
    outer.close()

    assert (dialled, inside.connections) == ([("127.0.0.1", outer.port)], 0)


DOORS = [url for url in INSIDE[::9] if "https" not in url]


@pytest.mark.django_db
@pytest.mark.parametrize("url", DOORS)
def test_no_judge_leads_inside(url, settings, inside, dialled, resolver):
    settings.WINNOW_PRIVATE_ENDPOINTS = []
    project = make_project()
    make_item(project)
    route_items(policy=make_policy(project=project, kind="everyone", human_budget=0))
    given = {"backend": "endpoint", "model": "m", "url": url.replace("{port}", str(inside.port))}

    job = ask_judge(judge=save_judge(project=project, name="far", given=given))
    work_off()

    job.refresh_from_db()
    assert (job.state == "done", dialled, inside.connections) == (False, [], 0)


@pytest.mark.django_db
@pytest.mark.parametrize("url", DOORS)
def test_no_generator_leads_inside(url, settings, inside, dialled, resolver):
    settings.WINNOW_PRIVATE_ENDPOINTS = []
    project = make_project()
    make_item(project, texts=(), prompt="Say hello.")

    job = ask_for_candidates(
        project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=8, model="m",
        url=url.replace("{port}", str(inside.port)),
    )  # fmt: skip
    work_off()

    job.refresh_from_db()
    assert (job.state == "done", dialled, inside.connections) == (False, [], 0)
