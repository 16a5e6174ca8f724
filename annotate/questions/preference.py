"""Which of two candidates is better, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.asked import OfTheItem
from annotate.questions.kind import ANSWERED, Fields, Words, a_number, one, refusal
from annotate.questions.subject import Subject

TIE, NEITHER = "tie", "neither"
MOST_LEVELS = 3


@dataclass(frozen=True, slots=True)
class PreferenceOptions(OfTheItem):
    """``levels``: how many strengths there are on each side, 1..3. ``better``: the word for what is asked,
    as in "A slightly safer"."""

    levels: int = MOST_LEVELS
    tie: bool = True
    neither: bool = True
    better: str = "better"
    tie_text: str = ""
    neither_text: str = ""

    def clean(self, value: Any, *, field: str, about: Subject, whole: bool = True) -> int | str:
        number = isinstance(value, int) and not isinstance(value, bool)
        if len(about.positions) < 2:
            raise refusal(
                "A preference needs two responses to compare.",
                field=field,
                cure="Add a candidate to this item first.",
            )
        if number and 1 <= abs(value) <= self.levels:
            return int(value)
        if self.tie and (value == TIE or (number and value == 0)):
            return TIE
        if self.neither and value == NEITHER:
            return NEITHER
        allowed = [f"a whole number from -{self.levels} to {self.levels} without 0"]
        allowed += ['"tie"'] * self.tie + ['"neither"'] * self.neither
        raise refusal("This is not a preference.", field=field, cure=f"Give {' or '.join(allowed)}.")

    def nearest(self, value: Any) -> Any:
        """An answer on the whole scale of three strengths, told on this one; None for a tie or "neither"
        where it is no answer here."""
        if isinstance(value, int) and not isinstance(value, bool) and value:
            size = -(-min(abs(value), MOST_LEVELS) * self.levels // MOST_LEVELS)
            return size if value > 0 else -size
        allowed = {TIE: self.tie, NEITHER: self.neither}
        return value if allowed.get(value, True) else None

    def stored(self, value: Any, order: Sequence[int]) -> Any:
        return flip_preference(value, order=order)

    def shown(self, value: Any, order: Sequence[int]) -> Any:
        return flip_preference(value, order=order)

    def words(self, value: Any) -> Words:
        return {None: frozenset({ANSWERED, value if isinstance(value, str) else "decided"})}

    def possible_words(self) -> frozenset[str]:
        extra = {TIE} if self.tie else set()
        return frozenset({ANSWERED, "decided"} | extra | ({NEITHER} if self.neither else set()))

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any:
        return a_number(one(fields, name))

    def write(self, value: Any, name: str) -> dict[str, list[str]]:
        return {name: [str(value)]}


def parse(raw: Mapping[str, Any]) -> PreferenceOptions:
    settings.only_keys(raw, PreferenceOptions.__slots__, field="options")
    return PreferenceOptions(
        levels=settings.a_number(raw, "levels", MOST_LEVELS, low=1, high=MOST_LEVELS),
        tie=settings.a_flag(raw, "tie", True),
        neither=settings.a_flag(raw, "neither", True),
        better=settings.words(raw, "better", "better", most=40) or "better",
        tie_text=settings.words(raw, "tie_text", most=80),
        neither_text=settings.words(raw, "neither_text", most=80),
    )


def compared(order: Sequence[int]) -> tuple[int, int]:
    """The places on the page of the two candidates that a preference is about: the first two as stored."""
    low, high = sorted(order)[:2]
    first, second = sorted((order.index(low), order.index(high)))
    return first, second


def flip_preference(preference: Any, *, order: Sequence[int]) -> Any:
    """A preference by the places shown, told about the first two as stored, or back; its own inverse.

    What is no signed strength (a tie, neither, or something a check will refuse) stays as it is.
    """
    turned = len(order) > 1 and order.index(sorted(order)[0]) > order.index(sorted(order)[1])
    if not turned or isinstance(preference, bool) or not isinstance(preference, int):
        return preference
    return -preference
