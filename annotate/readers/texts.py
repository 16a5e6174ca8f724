"""Texts, names and messages out of parsed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.limits import Limits
from annotate.readers.rows import Message
from annotate.readers.strict_json import describe

ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
# No ink, and yet no white space to Python: zero width, joiners, fillers, marks of direction.
_INKLESS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u2800\u3164\ufe0f\ufeff\uffa0"
)
_NO_INK = str.maketrans("", "", _INKLESS)


def is_blank(text: str) -> bool:
    """Nothing a person could read."""
    shown = text.strip()
    return not shown or (shown[0] in _INKLESS and not shown.translate(_NO_INK).strip())


def required_text(
    row: Mapping[str, Any], key: str, *, field: str, limits: Limits, blank: bool = False
) -> str:
    if key not in row:
        raise RowFault("missing_field", "a required field is absent", field=field)
    return a_text(row[key], field=field, limits=limits, blank=blank)


def a_text(value: Any, *, field: str, limits: Limits, blank: bool = False) -> str:
    if not isinstance(value, str):
        raise RowFault("wrong_type", f"expected text, got {describe(value)}", field=field)
    if not blank and is_blank(value):
        raise RowFault("blank", "there is nothing that a person could read", field=field)
    if len(value) > limits.max_field_chars:
        raise RowFault("too_long", f"over {limits.max_field_chars:,} characters", field=field)
    return value


def an_id(row: Mapping[str, Any], *, limits: Limits) -> str:
    text = required_text(row, "id", field="id", limits=limits)
    if len(text) > limits.max_id_chars:
        raise RowFault("too_long", f"an id has at most {limits.max_id_chars} characters", field="id")
    return text


def a_name(value: Any, *, field: str, limits: Limits, most: int | None = None) -> str:
    """The name of a model or a judge; null and blank mean that none is known."""
    if value is None:
        return ""
    most = limits.max_name_chars if most is None else most
    text = a_text(value, field=field, limits=limits, blank=True)
    if len(text) > most:
        raise RowFault("too_long", f"this has at most {most} characters", field=field)
    return "" if is_blank(text) else text


def a_list(value: Any, *, field: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise RowFault("wrong_type", f"expected a list, got {describe(value)}", field=field)
    if len(value) > most:
        raise RowFault("too_many", f"{len(value):,} entries, at most {most:,} are read", field=field)
    return value


def an_object(value: Any, *, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RowFault("wrong_type", f"expected an object, got {describe(value)}", field=field)
    return value


def a_prompt(value: Any, *, field: str, limits: Limits, extras: dict[str, Any]) -> tuple[Message, ...]:
    """Plain text is one message of the user; otherwise a conversation with something to read in it."""
    if isinstance(value, str):
        return (Message("user", a_text(value, field=field, limits=limits)),)
    messages = a_conversation(value, field=field, limits=limits, extras=extras)
    if all(is_blank(message.content) for message in messages):
        raise RowFault("blank", "there is nothing that a person could read", field=field)
    return messages


def a_conversation(value: Any, *, field: str, limits: Limits, extras: dict[str, Any]) -> tuple[Message, ...]:
    """Messages in order. What they carry beside role and content is put aside in `extras` under its path."""
    if not isinstance(value, list):
        raise RowFault(
            "wrong_type", f"expected text or a list of messages, got {describe(value)}", field=field
        )
    entries = a_list(value, field=field, most=limits.max_messages)
    if not entries:
        raise RowFault("blank", "the conversation has no message", field=field)
    return tuple(
        _a_message(entry, field=f"{field}[{index}]", limits=limits, extras=extras)
        for index, entry in enumerate(entries)
    )


def _a_message(value: Any, *, field: str, limits: Limits, extras: dict[str, Any]) -> Message:
    entry = an_object(value, field=field)
    role = required_text(entry, "role", field=f"{field}.role", limits=limits)
    if role not in ROLES:
        raise RowFault(
            "bad_value",
            "this role is not known",
            field=f"{field}.role",
            cure="Use one of the roles " + ", ".join(sorted(ROLES)) + ".",
        )
    content = required_text(entry, "content", field=f"{field}.content", limits=limits, blank=True)
    set_aside(entry, known={"role", "content"}, field=field, extras=extras)
    return Message(role, content)


def set_aside(entry: Mapping[str, Any], *, known: set[str], field: str, extras: dict[str, Any]) -> None:
    """Keep what we have no place for, so that nothing is lost; table formats fill gaps with null."""
    rest = {key: value for key, value in entry.items() if key not in known and value is not None}
    if rest:
        extras[field] = rest


def refuse_identical(contents: Sequence[tuple[Any, ...]], *, fields: list[str]) -> None:
    """Two candidates with the same text and pictures for the same prompt leave nothing to prefer."""
    for index, content in enumerate(contents):
        if content in contents[:index]:
            raise RowFault("identical_candidates", "two candidates have the same text", field=fields[index])
