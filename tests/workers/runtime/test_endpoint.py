"""The client against a real server on loopback that behaves, and one that does not."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workers.runtime.endpoint import Endpoint, chat
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

ASKED = [{"role": "user", "content": "Hello?"}]
SAMPLING = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 20}


def completion(text="Hi.", **more):
    return json.dumps(
        {
            "model": "served",
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"completion_tokens": 2},
        }
        | more
    ).encode()


class Served:
    """What the server answers next, and what it was asked last."""

    def __init__(self):
        self.status, self.body, self.headers, self.wait = 200, completion(), {}, 0.0
        self.asked, self.sent_headers, self.calls = None, None, 0


@pytest.fixture
def served():
    plan = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            plan.calls += 1
            plan.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            plan.sent_headers = dict(self.headers)
            time.sleep(plan.wait)
            self.send_response(plan.status)
            for name, value in plan.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(plan.body)))
            self.end_headers()
            try:
                self.wfile.write(plan.body)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *args):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plan.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield plan
    server.shutdown()
    server.server_close()


def ask(served, **changes):
    return chat(
        Endpoint(served.url, "m", **({"key": "secret-canary", "timeout": 5} | changes)),
        ASKED,
        seed=3,
        **SAMPLING,
    )


def test_a_completion_comes_back_with_what_made_it(served):
    reply = ask(served)

    assert (reply.text, reply.tokens, reply.finish, reply.model) == ("Hi.", 2, "stop", "served")
    assert served.asked == {"model": "m", "messages": ASKED, "seed": 3} | SAMPLING
    assert served.sent_headers["Authorization"] == "Bearer secret-canary"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_endpoint_may_be_tried_again(served, status):
    served.status, served.headers = status, {"Retry-After": "7"}

    with pytest.raises(EndpointUnavailable) as trouble:
        ask(served)

    assert trouble.value.retry_after == 7


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_a_refusal_or_a_redirect_is_final_and_is_not_followed(served, status):
    served.status, served.headers = status, {"Location": served.url}

    with pytest.raises(EndpointNonsense, match=str(status)):
        ask(served)

    assert served.calls == 1


def test_a_slow_endpoint_is_given_up_in_time(served):
    served.wait = 3

    with pytest.raises(EndpointUnavailable, match="0.5 s"):
        ask(served, timeout=0.5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {}}]}',
        completion(None),
        completion("  "),
    ],
)
def test_what_is_no_completion_is_final(served, body):
    served.body = body

    with pytest.raises(EndpointNonsense):
        ask(served)


def test_a_reply_over_the_cap_is_cut_off(served):
    served.body = completion("x" * (9 << 20))

    with pytest.raises(EndpointNonsense, match="8 MiB"):
        ask(served)


def test_an_endpoint_that_is_down_may_be_tried_again():
    with pytest.raises(EndpointUnavailable):
        chat(Endpoint("http://127.0.0.1:9", "m", timeout=2), ASKED, **SAMPLING)


def test_no_message_shows_the_key(served):
    served.status = 401

    with pytest.raises(EndpointNonsense) as trouble:
        ask(served)

    assert "secret-canary" not in str(trouble.value)
    assert "secret-canary" not in repr(Endpoint(served.url, "m", key="secret-canary"))


def test_text_that_no_database_keeps_is_cleaned(served):
    served.body = completion("a\x00b\ud800c")

    assert ask(served).text == "abc"
