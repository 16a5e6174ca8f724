"""Content keys: the same content always has the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with one spelling per value: sorted keys, no spaces, no NaN, text as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_key(*parts: Any) -> str:
    """Name ``parts`` by the sha256 of their canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(list(parts)).encode()).hexdigest()


def text_key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prompt_key(prompt: Sequence[Mapping[str, str]]) -> str:
    """Name a prompt, so that items about the same prompt can be kept together."""
    return content_key("prompt", [[turn["role"], turn["content"]] for turn in prompt])
