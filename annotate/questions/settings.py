"""Reading a question's options: every unknown key, wrong type and impossible number is named with a cure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from annotate.errors import InvalidSetting

LONGEST_KEY = 60
LONGEST_WORDS = 500
MOST_CHOICES = 40
_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several named things: an answer, an attribute, a label or a level."""

    value: str
    text: str
    help: str = ""


def refuse(message: str, *, field: str, cure: str) -> NoReturn:
    raise InvalidSetting(message, field=field, cure=cure)


def an_object(value: Any, *, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        refuse("This must be an object.", field=field, cure="Give names with their values.")
    return value


def only_keys(raw: Mapping[str, Any], known: Sequence[str], *, field: str) -> None:
    unknown = sorted(str(key) for key in raw if key not in known)
    if unknown:
        refuse(
            f"There is no option {unknown[0]!r} here.", field=field, cure=f"Choose from {', '.join(known)}."
        )


def a_flag(raw: Mapping[str, Any], name: str, default: bool) -> bool:
    value = raw.get(name, default)
    if not isinstance(value, bool):
        refuse("This is either true or false.", field=name, cure="Write true or false.")
    return value


def a_number(raw: Mapping[str, Any], name: str, default: int, *, low: int, high: int) -> int:
    value = raw.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse("This number is out of range.", field=name, cure=f"Give a whole number from {low} to {high}.")
    return value


def words(raw: Mapping[str, Any], name: str, default: str = "", *, most: int = LONGEST_WORDS) -> str:
    value = raw.get(name, default)
    if not isinstance(value, str) or len(value) > most or not storable(value):
        refuse("This is no short text.", field=name, cure=f"Give at most {most} characters.")
    return value


def a_key(value: Any, *, field: str) -> str:
    """A name that form fields and exports can carry."""
    if not isinstance(value, str) or len(value) > LONGEST_KEY or not _KEY.fullmatch(value):
        refuse(
            "This is no key.",
            field=field,
            cure=f"Use at most {LONGEST_KEY} letters, digits, hyphens and underscores.",
        )
    return value


def choices(raw: Mapping[str, Any], name: str, *, least: int) -> tuple[Choice, ...]:
    """A list of named things; a plain string is its own value and text."""
    listed = raw.get(name, [])
    if (
        isinstance(listed, str)
        or not isinstance(listed, Sequence)
        or not least <= len(listed) <= MOST_CHOICES
    ):
        refuse("This list has the wrong length.", field=name, cure=f"List {least} to {MOST_CHOICES} entries.")
    found = tuple(_choice(entry, f"{name}[{place}]") for place, entry in enumerate(listed))
    values = [one.value for one in found]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        refuse(f"{twice!r} is listed twice.", field=name, cure="Give each entry a key of its own.")
    return found


def _choice(entry: Any, field: str) -> Choice:
    entry = an_object({"value": entry} if isinstance(entry, str) else entry, field=field)
    only_keys(entry, ("value", "text", "help"), field=field)
    value = a_key(entry.get("value"), field=f"{field}.value")
    return Choice(value, words(entry, "text") or value, words(entry, "help"))


def labels(raw: Mapping[str, Any], *, low: int, high: int) -> tuple[tuple[int, str], ...]:
    """Words at the points of a scale: a list for every point, or an object for some of them."""
    given = raw.get("labels", {})
    if isinstance(given, Sequence) and not isinstance(given, str):
        if given and not isinstance(given[0], str):
            given = {str(pair[0]): pair[1] for pair in given if isinstance(pair, Sequence) and len(pair) == 2}
        else:
            given = {str(low + place): text for place, text in enumerate(given)}
    given = an_object(given, field="labels")
    points = {str(point): point for point in range(low, high + 1)}
    strange = next((str(name) for name in given if str(name) not in points), None)
    if strange is not None:
        refuse(f"{strange!r} is no point of this scale.", field="labels", cure=f"Use points {low} to {high}.")
    return tuple((points[name], words(given, name)) for name in points if given.get(name))


def storable(text: str) -> bool:
    """Whether every database keeps these characters."""
    return "\x00" not in text and not any(0xD800 <= ord(character) <= 0xDFFF for character in text)
