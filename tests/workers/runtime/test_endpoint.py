"""The client against a real server on loopback that behaves, and one that does not."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.workers.hostile_endpoint import HostileEndpoint, answer, completion, drip
from workers.runtime.dialling import Lost
from workers.runtime.endpoint import Endpoint, chat
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

ASKED = [{"role": "user", "content": "Hello?"}]
SAMPLING = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 20}
LOOPBACK = ("127.0.0.0/8", "::1")


@pytest.fixture
def served():
    endpoint = HostileEndpoint()
    yield endpoint
    endpoint.close()


def says(served, *pieces):
    served.script = lambda number, asked: list(pieces)


def ask(served, *, logprobs=False, more=None, **changes):
    settings = {"key": "secret-canary", "timeout": 5, "allowed": LOOPBACK} | changes
    url = settings.pop("url", served.url)
    return chat(Endpoint(url, "m", **settings), ASKED, seed=3, logprobs=logprobs, more=more, **SAMPLING)


def test_a_completion_comes_back_with_what_made_it(served):
    reply = ask(served)

    assert (reply.text, reply.tokens, reply.prompt_tokens, reply.finish, reply.model) == (
        "Hi.", 2, 11, "stop", "served"
    )  # fmt: skip
    assert reply.logprobs is None
    assert served.asked == [{"model": "m", "messages": ASKED, "seed": 3} | SAMPLING]
    assert served.headers[0]["Authorization"] == "Bearer secret-canary"
    assert served.headers[0]["Host"] == f"127.0.0.1:{served.port}"


def test_log_probabilities_are_asked_for_and_read(served):
    says(served, answer(completion("A", logprobs={" A": -0.25, "B": -1.5, "C": 0.5})))

    reply = ask(served, logprobs=True, more={"response_format": {"type": "text"}})

    assert reply.logprobs == {" A": -0.25, "B": -1.5}
    assert served.asked[0]["top_logprobs"] == 20
    assert served.asked[0]["response_format"] == {"type": "text"}


@pytest.mark.parametrize(
    "given",
    ["x", {"content": []}, {"content": [{"token": "A"}]}, {"content": [{"token": "A", "logprob": "NaN"}]}],
)
def test_log_probabilities_that_are_none_are_not_made_up(served, given):
    body = completion("A").replace(
        b'"finish_reason"', b'"logprobs": %s, "finish_reason"' % repr(given).encode()
    )
    says(served, answer(body.replace(b"'", b'"')))

    assert ask(served, logprobs=True).logprobs is None


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_endpoint_may_be_tried_again_when_it_says(served, status):
    says(served, answer(b"", status, Retry_After="7"))

    with pytest.raises(EndpointUnavailable) as trouble:
        ask(served)

    assert trouble.value.retry_after == 7
    assert not isinstance(trouble.value, Lost)


def test_a_date_to_come_back_at_is_understood_and_nonsense_is_not(served):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    for given, low, high in ((later, 25, 30), ("soon", None, None), ("9" * 400, 3600, 3600)):
        says(served, answer(b"", 429, Retry_After=given))
        with pytest.raises(EndpointUnavailable) as trouble:
            ask(served)
        wait = trouble.value.retry_after
        assert wait is None if low is None else low <= wait <= high


@pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 401, 404])
def test_a_refusal_or_a_redirect_is_final_and_is_not_followed(served, status):
    says(served, answer(b"", status, Location=served.url))

    with pytest.raises(EndpointNonsense, match=str(status)):
        ask(served)

    assert served.connections == 1


@pytest.mark.parametrize(
    "pieces",
    [
        [30.0],
        drip(answer(completion()), 0.1),
        [answer(completion())[:40], 30.0],
        [b"HTTP/1.1 200 x\r\nContent-Length: 9000\r\n\r\n", *drip(b"x" * 300, 0.1)],
        [b"HTTP/1.1 200 x\r\n", *[piece for n in range(300) for piece in (b"X-%d: y\r\n" % n, 0.1)]],
    ],
    ids=["silent", "dripping", "stops in its headers", "dripping body", "headers without end"],
)
def test_one_deadline_holds_for_everything(served, pieces):
    says(served, *pieces)
    began = time.monotonic()

    with pytest.raises(Lost, match="0.6 s") as trouble:
        ask(served, timeout=0.6)

    assert time.monotonic() - began < 1.5
    assert trouble.value.sent


@pytest.mark.parametrize(
    "pieces",
    [
        [answer(completion())[:-20]],
        [b"HTTP/1.1 200 x\r\nContent-Length: 50\r\n\r\n{"],
        [b"not http at all\r\n\r\n"],
        [b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [b""],
    ],
    ids=["cut body", "cut early", "no http", "bad chunks", "nothing"],
)
def test_what_breaks_off_may_be_tried_again(served, pieces):
    says(served, *pieces)

    with pytest.raises(Lost) as trouble:
        ask(served)

    assert trouble.value.sent


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"<html>" * 100,
        b'{"choices": []}',
        b'{"choices": [{"message": {}}]}',
        b"[" * 100_000,
        completion(None),
        completion("  "),
        completion("\x00"),
    ],
)
def test_what_is_no_completion_is_final(served, body):
    says(served, answer(body))

    with pytest.raises(EndpointNonsense):
        ask(served)


def test_a_reply_over_the_cap_is_cut_off(served):
    says(served, answer(completion("x" * (9 << 20))))

    with pytest.raises(EndpointNonsense, match="8 MiB"):
        ask(served)


def test_a_packed_reply_is_not_unpacked(served):
    says(served, answer(b"\x1f\x8b" + b"\0" * 100, Content_Encoding="gzip"))

    with pytest.raises(EndpointNonsense):
        ask(served)


def test_bad_tls_may_be_tried_again_and_nothing_was_sent(served):
    with pytest.raises(Lost) as trouble:
        ask(served, url=served.url.replace("http:", "https:"))

    assert not trouble.value.sent
    assert served.asked == []


def test_an_endpoint_that_is_down_may_be_tried_again():
    with pytest.raises(Lost) as trouble:
        chat(Endpoint("http://127.0.0.1:9999", "m", timeout=2, allowed=LOOPBACK), ASKED, **SAMPLING)

    assert not trouble.value.sent


def test_no_message_shows_the_key(served):
    says(served, answer(b"", 401))

    with pytest.raises(EndpointNonsense) as trouble:
        ask(served)
    with pytest.raises(EndpointNonsense) as unsendable:
        ask(served, key="secret-canary\nX: y")

    assert "secret-canary" not in str(trouble.value) + str(unsendable.value)
    assert "secret-canary" not in repr(Endpoint(served.url, "m", key="secret-canary"))


def test_text_that_no_database_keeps_is_cleaned(served):
    says(served, answer(completion("a\x00b\ud800c")))

    assert ask(served).text == "abc"
