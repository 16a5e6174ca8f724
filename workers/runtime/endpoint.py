"""A client for OpenAI-compatible chat endpoints: vLLM, Ollama, TGI and the hosted ones."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from workers.runtime.errors import EndpointNonsense, EndpointUnavailable
from workers.runtime.loading import Messages

MAX_REPLY_BYTES = 8 << 20
CONNECT_SECONDS = 5.0
BUSY = frozenset({408, 409, 425, 429})
MAX_WAIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. ``url`` up to and including the version, such as ``http://host:8000/v1``. ``timeout``:
    seconds for a whole reply."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """``tokens``: what the endpoint says it generated, None where it does not say. ``seconds``: of the
    whole call."""

    text: str
    tokens: int | None
    seconds: float
    finish: str
    model: str


def chat(
    endpoint: Endpoint,
    messages: Messages,
    *,
    temperature: float,
    top_p: float,
    max_tokens: int,
    seed: int | None = None,
) -> Reply:
    """One chat completion.

    Raises EndpointUnavailable where trying again may help (down, slow, busy), EndpointNonsense where it
    will not (refused, redirected, not a completion, over 8 MiB). No message of either shows the key.
    """
    asked: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": turn["role"], "content": turn["content"]} for turn in messages],
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
    }
    if seed is not None:
        asked["seed"] = seed
    began = time.monotonic()
    body = _post(endpoint, asked)
    return _read(body, time.monotonic() - began, endpoint)


def _post(endpoint: Endpoint, asked: dict[str, Any]) -> bytes:
    import httpx

    headers = _authorization(endpoint.key)
    limits = httpx.Timeout(endpoint.timeout, connect=min(CONNECT_SECONDS, endpoint.timeout))
    deadline = time.monotonic() + endpoint.timeout
    url = endpoint.url.rstrip("/") + "/chat/completions"
    try:
        with (
            httpx.Client(timeout=limits, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, json=asked, headers=headers) as answer,
        ):
            _check_status(answer.status_code, answer.headers.get("retry-after"))
            return _limited(answer, deadline)
    except httpx.TimeoutException as trouble:
        raise EndpointUnavailable(f"The endpoint did not answer within {endpoint.timeout:g} s.") from trouble
    except httpx.InvalidURL as trouble:
        raise EndpointNonsense("The endpoint's address is not one.") from trouble
    except httpx.UnsupportedProtocol as trouble:
        raise EndpointNonsense("The endpoint's address must begin with http:// or https://.") from trouble
    except httpx.HTTPError as trouble:
        raise EndpointUnavailable(
            f"The endpoint could not be reached ({type(trouble).__name__})."
        ) from trouble


def _authorization(key: str) -> dict[str, str]:
    """The header, checked here: a client that is handed a key it cannot send quotes it in its complaint."""
    key = key.strip()
    if any(not "!" <= character <= "~" for character in key):
        raise EndpointNonsense("The endpoint's key holds characters that no header can carry.")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _limited(answer: Any, deadline: float) -> bytes:
    """The body, unless it is too large or drips past the deadline: a timeout per read would let it drip
    for ever."""
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MAX_REPLY_BYTES:
            raise EndpointNonsense("The endpoint's reply is over 8 MiB.")
        if time.monotonic() > deadline:
            raise EndpointUnavailable("The endpoint's reply took too long.")
    return bytes(body)


def _check_status(status: int, retry_after: str | None) -> None:
    if status in BUSY or 500 <= status <= 599:
        wait = min(float(retry_after), MAX_WAIT_SECONDS) if retry_after and retry_after.isdecimal() else None
        raise EndpointUnavailable(f"The endpoint answered with status {status}.", retry_after=wait)
    if status != 200:
        raise EndpointNonsense(
            f"The endpoint answered with status {status}; check its address, model and key."
        )


def _read(body: bytes, seconds: float, endpoint: Endpoint) -> Reply:
    try:
        found = json.loads(body)
        choice = found["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as trouble:
        raise EndpointNonsense("The endpoint's reply is not a chat completion.") from trouble
    text = clean(text) if isinstance(text, str) else ""
    if not text:
        raise EndpointNonsense("The endpoint's reply holds no text.")
    usage = found.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    named = found.get("model")
    return Reply(
        text=text,
        tokens=tokens if type(tokens) is int and 0 <= tokens <= MAX_REPLY_BYTES else None,
        seconds=seconds,
        finish=str(choice.get("finish_reason") or "stop")[:40],
        model=named[:300] if isinstance(named, str) else endpoint.model,
    )


def clean(text: str) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    return "".join(
        character for character in text if character != "\x00" and not 0xD800 <= ord(character) <= 0xDFFF
    ).strip()
