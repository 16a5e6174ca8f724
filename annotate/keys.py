"""Content keys: the same content always has the same name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

# Made once: json.dumps makes one for every value that departs from its defaults.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """JSON with one spelling per value: sorted keys, no spaces, no NaN, text as it is."""
    return _CANONICAL.encode(value)


def content_key(*parts: Any) -> str:
    """Name ``parts`` by the sha256 of their canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(list(parts)).encode()).hexdigest()


def text_key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prompt_key(prompt: Sequence[Mapping[str, str]], images: Sequence[Mapping[str, Any]] = ()) -> str:
    """Name a prompt with its pictures, so that items about the same prompt can be kept together."""
    pictures = [one.get("digest") or one.get("url") for one in images]
    turns = [[turn["role"], turn["content"]] for turn in prompt]
    return content_key("prompt", turns, *([pictures] if pictures else []))
