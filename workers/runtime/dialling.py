"""One HTTP exchange within one deadline, to an address that was checked."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from workers.runtime.addresses import check_url, vetted_addresses
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

MAX_REPLY_BYTES = 8 << 20
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is read to its end and at most 8 MiB."""

    status: int
    headers: dict[str, str]
    body: bytes


class Lost(EndpointUnavailable):
    """The exchange broke off. ``sent``: the whole question may have arrived, and may be charged for."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.seconds, self.ends, self.sent = seconds, time.monotonic() + seconds, False

    def left(self, at_most: float | None = None) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if at_most is None else min(left, at_most)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline: headers that drip byte by byte gain nothing."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._deadline.sent = True
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Dials only addresses that were checked; TLS still asks for the certificate of the name."""

    def __init__(self, allowed: Sequence[str], deadline: _Deadline) -> None:
        self._allowed, self._deadline, self._inner = allowed, deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.left(CONNECT_SECONDS)
        trouble: Exception | None = None
        for address in vetted_addresses(host, port, self._allowed, seconds=seconds):
            try:
                inner = self._inner.connect_tcp(address, port, self._deadline.left(CONNECT_SECONDS))
                return _Stream(inner, self._deadline)
            except httpcore.ConnectError as refused:
                trouble = refused
        raise trouble or httpcore.ConnectError("no address")


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def post(url: str, body: bytes, *, headers: dict[str, str], allowed: Sequence[str], timeout: float) -> Answer:
    """Send once and read the whole answer within ``timeout`` seconds, looking up and connecting included.

    Nothing is followed, decoded or tried again. Raises EndpointNonsense for an address that is none or is
    private, and for a reply over 8 MiB; Lost where the exchange broke off.
    """
    check_url(url)
    deadline = _Deadline(timeout)
    try:
        with (
            httpcore.ConnectionPool(_trust(), network_backend=_Backend(allowed, deadline)) as pool,
            pool.stream("POST", url, headers=_headers(url, headers), content=body) as answer,
        ):
            return Answer(answer.status, _read_headers(answer.headers), _limited(answer.iter_stream()))
    except httpcore.TimeoutException as trouble:
        raise Lost(f"The endpoint did not answer within {timeout:g} s.", sent=deadline.sent) from trouble
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as trouble:
        words = f"The endpoint could not be reached ({type(trouble).__name__})."
        raise Lost(words, sent=deadline.sent) from trouble


def _headers(url: str, more: dict[str, str]) -> list[tuple[bytes, bytes]]:
    parts = httpcore.URL(url)
    name = b"[" + parts.host + b"]" if b":" in parts.host else parts.host
    host = name if parts.port is None else name + b":" + str(parts.port).encode()
    given = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    rows = [(b"Host", host)]
    return rows + [(name.encode("ascii"), value.encode("ascii")) for name, value in (given | more).items()]


def _read_headers(rows: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in rows}


def _limited(pieces: Iterable[bytes]) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > MAX_REPLY_BYTES:
            raise EndpointNonsense("The endpoint's reply is over 8 MiB.", answered=True)
    return bytes(body)
