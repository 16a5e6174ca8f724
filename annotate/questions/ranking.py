"""The candidates from best to worst, with ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.asked import OfTheItem
from annotate.questions.kind import (
    ANSWERED,
    Fields,
    Words,
    a_number,
    is_empty,
    one,
    refusal,
    renamed,
    to_places,
    to_positions,
)
from annotate.questions.subject import LETTERS, Subject


@dataclass(frozen=True, slots=True)
class RankingOptions(OfTheItem):
    ties: bool = True

    def clean(self, value: Any, *, field: str, about: Subject, whole: bool = True) -> list[list[int]]:
        """Groups from best to worst, each ascending. Every candidate shown stands in exactly one group."""
        groups = [list(group) for group in value] if _is_groups(value) else None
        if groups is None:
            raise refusal(
                "This is not a ranking.",
                field=field,
                cure="List groups of candidates from best to worst, as in [[2], [0, 1]].",
            )
        named = [position for group in groups for position in group]
        twice = next((one for one in named if named.count(one) > 1), None)
        strange = next((one for one in named if one not in about.positions), None)
        missing = next((one for one in about.positions if one not in named), None)
        for wrong, words in ((strange, "no response of this item"), (twice, "ranked twice")):
            if wrong is not None:
                name = about.name(wrong) if wrong in about.positions else "One entry"
                raise refusal(f"{name} is {words}.", field=field, cure="Rank each response once.")
        if missing is not None:
            raise refusal(
                f"{about.name(missing)} has no rank.", field=field, cure="Give every response a rank."
            )
        if not self.ties and any(len(group) > 1 for group in groups):
            raise refusal(
                "Ties are not allowed here.", field=field, cure="Give each response a rank of its own."
            )
        return [sorted(group) for group in groups]

    def stored(self, value: Any, order: Sequence[int]) -> Any:
        return _turned(value, to_positions(order))

    def shown(self, value: Any, order: Sequence[int]) -> Any:
        return _turned(value, to_places(order))

    def words(self, value: Any) -> Words:
        tied = any(len(group) > 1 for group in value)
        return {None: frozenset({ANSWERED, "tied" if tied else "untied"})}

    def possible_words(self) -> frozenset[str]:
        return frozenset({ANSWERED, "untied"} | ({"tied"} if self.ties else set()))

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any:
        """Groups by rank; a rank that is no number is passed on for the check to refuse."""
        ranks = {
            place: rank
            for place, letter in enumerate(LETTERS[: len(texts)])
            if not is_empty(rank := a_number(one(fields, f"{name}.{letter}")))
        }
        if any(not isinstance(rank, int) for rank in ranks.values()):
            return "unreadable"
        return [
            [place for place, rank in ranks.items() if rank == group] for group in sorted(set(ranks.values()))
        ]

    def write(self, value: Any, name: str) -> dict[str, list[str]]:
        """Ranks from 1; a tie takes one rank, and the next group the next."""
        return {
            f"{name}.{LETTERS[place]}": [str(rank)]
            for rank, group in enumerate(value, start=1)
            for place in group
        }


def parse(raw: Mapping[str, Any]) -> RankingOptions:
    settings.only_keys(raw, RankingOptions.__slots__, field="options")
    return RankingOptions(ties=settings.a_flag(raw, "ties", True))


def _is_groups(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(
        isinstance(group, list | tuple)
        and group
        and all(isinstance(one, int) and not isinstance(one, bool) for one in group)
        for group in value
    )


def _turned(value: Any, names: Mapping[int, int]) -> Any:
    if not _is_groups(value):
        return value
    return [sorted(renamed(one, names) for one in group) for group in value]
