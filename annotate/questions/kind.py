"""What every kind of question can do, and the small moves they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from annotate.errors import InvalidAnswer
from annotate.questions.subject import LETTERS, Subject

# The words that an answer can be asked about by later questions: by candidate, or under None for the item.
Words: TypeAlias = Mapping[int | None, frozenset[str]]
Fields: TypeAlias = Mapping[str, Sequence[str]]

ANSWERED = "answered"
# Stands for a place or position that does not exist, so that the check refuses it whatever the order.
NOWHERE = -1


class Kind(Protocol):
    """The options of one question. ``clean`` takes and gives answers as stored, and raises InvalidAnswer;
    turning leaves what is malformed for ``clean`` to refuse."""

    @property
    def per_candidate(self) -> bool: ...

    @property
    def reads_texts(self) -> bool: ...

    def clean(self, value: Any, *, field: str, about: Subject, whole: bool) -> Any: ...

    def stored(self, value: Any, order: Sequence[int]) -> Any: ...

    def shown(self, value: Any, order: Sequence[int]) -> Any: ...

    def words(self, value: Any) -> Words: ...

    def possible_words(self) -> frozenset[str]: ...

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any: ...

    def write(self, value: Any, name: str) -> dict[str, list[str]]: ...


def refusal(message: str, *, field: str, cure: str) -> InvalidAnswer:
    return InvalidAnswer(message, field=field, cure=cure)


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict | tuple) and not value)


def to_positions(order: Sequence[int]) -> dict[int, int]:
    return dict(enumerate(order))


def to_places(order: Sequence[int]) -> dict[int, int]:
    return {position: place for place, position in enumerate(order)}


def renamed(value: Any, names: Mapping[int, int]) -> int:
    """The other name of a candidate; NOWHERE for what is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return NOWHERE
    return names.get(value, NOWHERE)


def renamed_keys(value: Any, names: Mapping[int, int]) -> Any:
    """A mapping by candidate under the other names, in their order; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    turned = {_other_key(key, names): entry for key, entry in value.items()}
    return dict(sorted(turned.items(), key=lambda pair: pair[0]))


def _other_key(key: Any, names: Mapping[int, int]) -> str:
    known = {str(old): str(new) for old, new in names.items()}
    return known.get(str(key), f"?{key}")


def by_candidate(
    value: Any, *, field: str, about: Subject, whole: bool, clean: Callable[[Any, str, int], Any]
) -> dict[str, Any]:
    """Clean a mapping by candidate; with ``whole`` every candidate asked about must have an answer."""
    if not isinstance(value, Mapping):
        raise refusal(
            "This question is asked of each response.",
            field=field,
            cure='Give an object with "0", "1" … for the candidates.',
        )
    positions = {str(position): position for position in about.positions}
    strange = next((str(key) for key in value if str(key) not in positions), None)
    if strange is not None:
        raise refusal(
            "This question is not asked about that response.",
            field=f"{field}.{strange.removeprefix('?')}",
            cure="Answer it for the responses it is asked about, and leave the others empty.",
        )
    cleaned: dict[str, Any] = {}
    for name, position in positions.items():
        entry = value.get(name)
        if is_empty(entry):
            if whole:
                raise refusal(
                    f"This question needs an answer for {about.name(position)}.",
                    field=f"{field}.{name}",
                    cure="Answer it for every response.",
                )
            continue
        cleaned[name] = clean(entry, f"{field}.{name}", position)
    return cleaned


def one(fields: Fields, name: str) -> str:
    """The last value sent under a name, as a browser would have it."""
    values = fields.get(name, ())
    return values[-1] if values else ""


def read_sides(fields: Fields, name: str, count: int, read: Callable[[str], Any]) -> dict[str, Any]:
    """What was sent for each side, without the sides that were left empty."""
    found = {str(place): read(f"{name}.{letter}") for place, letter in enumerate(LETTERS[:count])}
    return {place: value for place, value in found.items() if not is_empty(value)}


def write_sides(
    value: Mapping[str, Any], name: str, write: Callable[[Any, str], dict[str, list[str]]]
) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for place, entry in value.items():
        fields |= write(entry, f"{name}.{LETTERS[int(place)]}")
    return fields


def a_number(text: str) -> Any:
    """The whole number that a field holds, or the text itself for the check to refuse."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if digits.isascii() and digits.isdecimal() and len(digits) <= 4:
        return int(sign + digits)
    return text
