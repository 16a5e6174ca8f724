"""A client for OpenAI-compatible chat endpoints: vLLM, Ollama, TGI, transformers serve and the hosted
ones."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from workers.runtime.errors import EndpointNonsense, EndpointUnavailable
from workers.runtime.loading import Messages

BUSY = frozenset({408, 409, 425, 429})
MAX_WAIT_SECONDS = 3600.0
# As many as hosted endpoints give.
TOP_LOGPROBS = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. ``url`` up to and including the version, such as ``http://host:8000/v1``. ``timeout``:
    seconds for a whole exchange. ``allowed``: private networks and names that may be called, see
    ``addresses``."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 60.0
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """``tokens``, ``prompt_tokens``: what the endpoint says it generated and read, None where it does not
    say. ``seconds``: of the whole call. ``logprobs``: the likeliest first tokens with their natural
    log-probabilities, None where the endpoint gives none."""

    text: str
    tokens: int | None
    seconds: float
    finish: str
    model: str
    prompt_tokens: int | None = None
    logprobs: Mapping[str, float] | None = None


def chat(
    endpoint: Endpoint,
    messages: Messages,
    *,
    temperature: float,
    top_p: float,
    max_tokens: int,
    seed: int | None = None,
    logprobs: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Reply:
    """One chat completion. ``more``: further fields of the request, such as ``response_format``.

    Raises EndpointUnavailable where trying again may help (down, slow, busy), EndpointNonsense where it
    will not (refused, redirected, a private address, not a completion, over 8 MiB). No message of either
    shows the key.
    """
    from workers.runtime.dialling import post

    asked: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": turn["role"], "content": turn["content"]} for turn in messages],
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
    }
    if seed is not None:
        asked["seed"] = seed
    if logprobs:
        asked |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
    asked |= dict(more or {})
    began = time.monotonic()
    answer = post(
        endpoint.url.rstrip("/") + "/chat/completions",
        json.dumps(asked, allow_nan=False).encode(),
        headers=_authorization(endpoint.key),
        allowed=endpoint.allowed,
        timeout=endpoint.timeout,
    )
    _check_status(answer.status, answer.headers.get("retry-after"))
    return _read(answer.body, time.monotonic() - began, endpoint)


def _authorization(key: str) -> dict[str, str]:
    """The header, checked here: a client that is handed a key it cannot send quotes it in its complaint."""
    key = key.strip()
    if any(not "!" <= character <= "~" for character in key):
        raise EndpointNonsense("The endpoint's key holds characters that no header can carry.")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _check_status(status: int, retry_after: str | None) -> None:
    if status in BUSY or 500 <= status <= 599:
        wait = _wait(retry_after) if retry_after else None
        raise EndpointUnavailable(f"The endpoint answered with status {status}.", retry_after=wait)
    if status != 200:
        raise EndpointNonsense(
            f"The endpoint answered with status {status}; check its address, model and key."
        )


def _wait(retry_after: str) -> float | None:
    """Seconds to wait, from a number or a date; None for what is neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after[:9]), MAX_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(retry_after).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(at - time.time(), 0.0), MAX_WAIT_SECONDS)


def _read(body: bytes, seconds: float, endpoint: Endpoint) -> Reply:
    try:
        found = json.loads(body)
        choice = found["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as trouble:
        raise EndpointNonsense("The endpoint's reply is not a chat completion.", answered=True) from trouble
    text = clean(text) if isinstance(text, str) else ""
    if not text:
        raise EndpointNonsense("The endpoint's reply holds no text.", answered=True)
    usage = found.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    named = found.get("model")
    return Reply(
        text=text,
        tokens=_count(counts.get("completion_tokens")),
        seconds=seconds,
        finish=str(choice.get("finish_reason") or "stop")[:40],
        model=named[:300] if isinstance(named, str) else endpoint.model,
        prompt_tokens=_count(counts.get("prompt_tokens")),
        logprobs=_first_logprobs(choice.get("logprobs")),
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= 1 << 23 else None


def _first_logprobs(given: Any) -> dict[str, float] | None:
    """Of the first token that is more than blanks; what is malformed counts as not given."""
    rows = given.get("content") if isinstance(given, dict) else None
    if not isinstance(rows, list):
        return None
    for row in rows[:8]:
        if not isinstance(row, dict) or not str(row.get("token", "")).strip():
            continue
        top = row.get("top_logprobs")
        seen = [*(top if isinstance(top, list) else []), row]
        found: dict[str, float] = {}
        for one in seen[: TOP_LOGPROBS + 1]:
            value = one.get("logprob") if isinstance(one, dict) else None
            if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
                found.setdefault(clean_token(one.get("token")), float(value))
        return found or None
    return None


def clean_token(text: Any) -> str:
    return clean(text[:80], strip=False) if isinstance(text, str) else ""


def clean(text: str, *, strip: bool = True) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    kept = "".join(
        character for character in text if character != "\x00" and not 0xD800 <= ord(character) <= 0xDFFF
    )
    return kept.strip() if strip else kept
