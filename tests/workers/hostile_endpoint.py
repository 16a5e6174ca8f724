"""An endpoint on loopback that follows a script, down to single bytes: most of the script is bad
behaviour."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress

BAD_TLS = b"\x15\x03\x01\x00\x02\x02\x28"


def completion(text="Hi.", *, logprobs=None, usage=(11, 2), **more):
    """A chat completion; ``logprobs``: of the first token, by its text."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    if logprobs is not None:
        top = [{"token": token, "logprob": value} for token, value in logprobs.items()]
        choice["logprobs"] = {"content": [top[0] | {"top_logprobs": top}]}
    body = {"model": "served", "choices": [choice]}
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return json.dumps(body | more).encode()


class HostileEndpoint:
    """Answers each connection by ``script(request_number, asked) -> pieces``: bytes to send, or seconds to
    wait in between. ``asked`` keeps every request body; ``connections`` counts what reached the port at
    all."""

    def __init__(self, script=None):
        self.script = script or (lambda number, asked: [answer(completion())])
        self.asked, self.headers, self.connections = [], [], 0
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        with client, suppress(OSError):
            head, asked = self._read(client)
            if head is None:
                client.sendall(BAD_TLS)
                return
            with self._lock:
                number = len(self.asked)
                self.asked.append(asked)
                self.headers.append(head)
            for piece in self.script(number, asked):
                if isinstance(piece, bytes):
                    client.sendall(piece)
                else:
                    time.sleep(piece)

    def _read(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            got = client.recv(65536)
            if not got or got[:1] == b"\x16":
                return None, None
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        names = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while len(body) < int(names.get("Content-Length", 0)):
            body += client.recv(65536)
        return names, json.loads(body) if body else None


def answer(body, status=200, **headers):
    """A whole answer as bytes. Header names are given with underscores."""
    given = {"Content-Length": len(body), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drip(data, seconds):
    """The bytes one by one, with a pause after each."""
    return [piece for byte in data for piece in (bytes([byte]), seconds)]
