"""The project's one JSON reader for text that came from outside."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from annotate.readers.faults import RowFault, safe_name
from annotate.readers.limits import DEFAULT_LIMITS, Limits

# A whole string (closed, or open to the end), or one bracket. Possessive: no input makes it backtrack.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
# Only an escape can bring in U+0000 or a surrogate: raw ones are no JSON and no UTF-8.
_RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _NotFinite:
    """Stands where a number was that cannot be kept, so that its place can be named."""


def read_object(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """One JSON object out of the bytes, or a RowFault with code and field."""
    value = read_value(data, limits=limits)
    if not isinstance(value, dict):
        raise RowFault("not_object", f"this is {describe(value)}, not an object")
    return value


def read_value(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    _check_depth(data, limits.max_depth)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise RowFault("bad_json", "the line ends in the middle of a character") from None
        raise RowFault(
            "bad_utf8",
            f"byte {error.start + 1} of the line does not belong to any UTF-8 character",
            field=_field_of_bad_bytes(data, limits),
        ) from None
    value, suspicious = _parse(text, limits)
    if suspicious or _RISKY_ESCAPE.search(data):
        _refuse_unstorable(value)
    return value


def _parse(text: str, limits: Limits) -> tuple[Any, bool]:
    bad_numbers: list[_NotFinite] = []

    def not_finite(_: str) -> _NotFinite:
        bad_numbers.append(_NotFinite())
        return bad_numbers[-1]

    def real(digits: str) -> float | _NotFinite:
        number = float(digits) if len(digits) <= limits.max_number_chars else math.inf
        return number if math.isfinite(number) else not_finite(digits)

    def whole(digits: str) -> int | _NotFinite:
        return int(digits) if len(digits) <= limits.max_number_chars else not_finite(digits)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > limits.max_keys:
            raise RowFault("too_many_keys", f"one object has {len(pairs):,} keys")
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise RowFault("duplicate_key", "the key stands twice in one object", field=safe_name(key))
            found[key] = value
        return found

    try:
        value = json.loads(
            text, object_pairs_hook=unique, parse_constant=not_finite, parse_float=real, parse_int=whole
        )
    except RowFault:
        raise
    except json.JSONDecodeError as error:
        raise _not_json(text, error) from None
    except (ValueError, RecursionError):
        raise RowFault("bad_json", "not JSON that can be read") from None
    return value, bool(bad_numbers)


def _not_json(text: str, error: json.JSONDecodeError) -> RowFault:
    if error.msg.startswith("Invalid control character"):
        before = text[: error.pos].encode("utf-8", "surrogateescape")
        message = f"character {error.pos + 1} of the line is a raw control character"
        return RowFault("bad_json", message, field=field_at(before))
    return RowFault("bad_json", f"not JSON from character {error.pos + 1} of the line on")


def _check_depth(data: bytes, most: int) -> None:
    """Count brackets outside strings before any parser may recurse into them."""
    if data.count(b"[") + data.count(b"{") <= most:
        return
    for depth, key in _brackets(data):
        if depth > most:
            raise RowFault("too_deep", f"more than {most} levels deep", field=_key_name(key))


def field_at(data: bytes) -> str | None:
    """The key of the outermost object in whose value these bytes end; they need be no JSON."""
    found = b""
    for _, key in _brackets(data):
        found = key
    return _key_name(found)


def _brackets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Depth, and the last quoted key of the outermost object, at each bracket and string."""
    depth = 0
    key = b""
    for token in _TOKEN.finditer(data):
        place, end = token.span()
        if data[place] == 0x22:
            if depth == 1 and end - place < 400 and data[end : end + 8].lstrip().startswith(b":"):
                key = token.group()
        else:
            depth += 1 if data[place] in b"[{" else -1
        yield depth, key


def _key_name(quoted: bytes) -> str | None:
    try:
        return safe_name(str(json.loads(quoted))) if quoted else None
    except ValueError:
        return None


def _refuse_unstorable(value: Any) -> None:
    """Name the first number that is not finite and the first text that no database or UTF-8 file can hold."""
    for path, leaf in _leaves(value, ""):
        if isinstance(leaf, _NotFinite):
            raise RowFault("bad_number", "this number is not finite, or far too long", field=path or None)
        if "\0" in leaf:
            raise RowFault("nul_char", "the text holds the character U+0000", field=path or None)
        if _SURROGATE.search(leaf):
            raise RowFault("lone_surrogate", "the text holds half of a surrogate pair", field=path or None)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Texts (keys too) and unusable numbers with the path to each; depth was bounded before parsing."""
    if isinstance(value, str | _NotFinite):
        yield path, value
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, entry in value.items():
            inner = f"{path}.{safe_name(key)}" if path else safe_name(key)
            yield inner, key
            yield from _leaves(entry, inner)


def _field_of_bad_bytes(data: bytes, limits: Limits) -> str | None:
    try:
        value, _ = _parse(data.decode("utf-8", "surrogateescape"), limits)
        _refuse_unstorable(value)
    except RowFault as fault:
        return fault.field if fault.code == "lone_surrogate" else None
    return None


def describe(value: Any) -> str:
    """The kind of a JSON value in words a person knows."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"
