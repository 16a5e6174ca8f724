"""A small keep-alive client with cookies: a tenth of a millisecond a request, so that the server is what is
measured and not the driver. Speaks to loopback only."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

GONE = (
    http.client.RemoteDisconnected,
    http.client.CannotSendRequest,
    BrokenPipeError,
    ConnectionResetError,
)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str


@dataclass(slots=True)
class Client:
    """One person's browser: one connection, one jar of cookies."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Reply:
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: Sequence[tuple[str, str]] | dict[str, str]) -> Reply:
        return self._ask(
            "POST", path, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def post_json(self, path: str, body: bytes) -> Reply:
        return self._ask("POST", path, body, {"Content-Type": "application/json"})

    def _ask(self, method: str, path: str, body: bytes | None, extra: dict[str, str]) -> Reply:
        headers = {**self.headers, **extra}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        for attempt in (0, 1):
            try:
                return self._once(method, path, body, headers)
            except GONE:
                # A server may close a kept connection: once, and only where nothing was answered.
                self._connection = None
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        if self._connection is None:
            parts = urlsplit(self.url)
            if parts.hostname not in ("127.0.0.1", "localhost"):
                raise ValueError(f"{parts.hostname} is not this machine: load is made on loopback only.")
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=60)
        self._connection.request(method, path, body=body, headers=headers)
        reply = self._connection.getresponse()
        content = reply.read()
        for cookie in reply.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";", 1)[0].partition("=")
            self.cookies[name.strip()] = value.strip()
        if reply.will_close:
            self._connection.close()
            self._connection = None
        return Reply(reply.status, content.decode("utf-8", "replace"))
