"""Named attributes on a scale of 2 to 11 points, of each candidate or of the item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.asked import OfEach
from annotate.questions.kind import ANSWERED, Fields, a_number, one, refusal
from annotate.questions.settings import Choice

MOST_POINTS = 11
NOT_APPLICABLE = "na"


@dataclass(frozen=True, slots=True)
class RatingOptions(OfEach):
    """Points ``low``..``high``, both included; ``labels`` puts words at some of them. With ``na`` an
    attribute may be declared not applicable, which is kept as None."""

    attributes: tuple[Choice, ...]
    low: int = 1
    high: int = 5
    labels: tuple[tuple[int, str], ...] = ()
    na: bool = False
    per_candidate: bool = True

    @property
    def points(self) -> range:
        return range(self.low, self.high + 1)

    def clean_one(self, value: Any, field: str, *, whole: bool, whose: str) -> dict[str, int | None]:
        if not isinstance(value, Mapping):
            raise refusal("This is not a rating.", field=field, cure="Give a number for each attribute.")
        names = [attribute.value for attribute in self.attributes]
        strange = next((str(key) for key in value if key not in names), None)
        if strange is not None:
            cure = f"Rate {', '.join(names)}."
            raise refusal("There is no such attribute here.", field=f"{field}.{strange}", cure=cure)
        missing = next((name for name in self.attributes if name.value not in value), None)
        if missing is not None and whole:
            raise refusal(
                f"{missing.text} needs a rating{whose}.",
                field=f"{field}.{missing.value}",
                cure=f"Choose a point from {self.low} to {self.high}.",
            )
        return {name: self._point(value[name], f"{field}.{name}") for name in names if name in value}

    def _point(self, value: Any, field: str) -> int | None:
        if value is None and self.na:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value in self.points:
            return value
        also = ", or null where it does not apply" if self.na else ""
        raise refusal(
            "This is no point of the scale.",
            field=field,
            cure=f"Give a whole number from {self.low} to {self.high}{also}.",
        )

    def possible_words(self) -> frozenset[str]:
        points = [str(point) for point in self.points] + ([NOT_APPLICABLE] if self.na else [])
        return frozenset(
            {ANSWERED} | {f"{name.value}={point}" for name in self.attributes for point in points}
        )

    def read_one(self, fields: Fields, name: str) -> dict[str, Any]:
        sent = {one_of.value: one(fields, f"{name}.{one_of.value}") for one_of in self.attributes}
        return {
            attribute: None if text == NOT_APPLICABLE else a_number(text)
            for attribute, text in sent.items()
            if text
        }

    def words_of(self, entry: Mapping[str, Any]) -> frozenset[str]:
        given = {f"{name}={NOT_APPLICABLE if point is None else point}" for name, point in entry.items()}
        return frozenset({ANSWERED} | given)

    def write_one(self, entry: Mapping[str, Any], name: str) -> dict[str, list[str]]:
        return {
            f"{name}.{attribute}": [NOT_APPLICABLE if point is None else str(point)]
            for attribute, point in entry.items()
        }


def parse(raw: Mapping[str, Any]) -> RatingOptions:
    settings.only_keys(raw, RatingOptions.__slots__, field="options")
    low = settings.a_number(raw, "low", 1, low=-100, high=100)
    high = settings.a_number(raw, "high", low + 4, low=low + 1, high=low + MOST_POINTS - 1)
    return RatingOptions(
        attributes=settings.choices(raw, "attributes", least=1),
        low=low,
        high=high,
        labels=settings.labels(raw, low=low, high=high),
        na=settings.a_flag(raw, "na", False),
        per_candidate=settings.a_flag(raw, "per_candidate", True),
    )
