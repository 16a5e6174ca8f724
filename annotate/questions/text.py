"""Words: a reason, a critique, or a corrected response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.asked import OfEach
from annotate.questions.kind import ANSWERED, Fields, one, refusal

LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class TextOptions(OfEach):
    """Lengths count code points without the space around the text. ``lines`` is the height of the field.
    With ``correction`` the field begins with the response itself, and is asked of each candidate."""

    min_length: int = 0
    max_length: int = LONGEST_TEXT
    lines: int = 1
    per_candidate: bool = False
    correction: bool = False

    @property
    def reads_texts(self) -> bool:
        return self.correction

    def clean_one(self, value: Any, field: str, *, whole: bool, whose: str) -> str:
        if not isinstance(value, str):
            raise refusal("This answer must be text.", field=field, cure="Send a string.")
        if len(value) > self.max_length:
            raise refusal(
                "This answer is too long.", field=field, cure=f"Keep it under {self.max_length:,} characters."
            )
        if not settings.storable(value):
            raise refusal("This text has characters no database keeps.", field=field, cure="Remove them.")
        if len(value.strip()) < self.min_length:
            raise refusal(
                "This answer is too short.",
                field=field,
                cure=f"Write at least {self.min_length:,} characters.",
            )
        return value

    def possible_words(self) -> frozenset[str]:
        return frozenset({ANSWERED})

    def words_of(self, entry: Any) -> frozenset[str]:
        return frozenset({ANSWERED})

    def read_one(self, fields: Fields, name: str) -> str:
        return one(fields, name).replace("\r\n", "\n") if self.per_candidate else one(fields, name)

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any:
        """A correction that changed nothing is none."""
        # A dataclass with slots is a second class; a bare super() would speak of the first.
        sent = OfEach.read(self, fields, name, texts)
        if not self.correction:
            return sent
        return {place: text for place, text in sent.items() if text != texts[int(place)]}

    def write_one(self, entry: str, name: str) -> dict[str, list[str]]:
        return {name: [entry]}


def parse(raw: Mapping[str, Any]) -> TextOptions:
    settings.only_keys(raw, TextOptions.__slots__, field="options")
    longest = settings.a_number(raw, "max_length", LONGEST_TEXT, low=1, high=200_000)
    correction = settings.a_flag(raw, "correction", False)
    return TextOptions(
        min_length=settings.a_number(raw, "min_length", 0, low=0, high=longest),
        max_length=longest,
        lines=settings.a_number(raw, "lines", 1, low=1, high=30),
        per_candidate=settings.a_flag(raw, "per_candidate", False) or correction,
        correction=correction,
    )
