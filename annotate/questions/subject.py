"""The candidates that an answer may speak of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

LETTERS = "ABCDEFGHI"
MOST_CANDIDATES = len(LETTERS)


@dataclass(frozen=True, slots=True)
class Subject:
    """``positions``: the candidates asked about, as stored, ascending. ``texts`` may be left empty where no
    question reads them. ``names`` is what a message calls each candidate."""

    positions: tuple[int, ...]
    texts: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def name(self, position: int) -> str:
        return self.names.get(position, f"candidate {position}")

    def only(self, positions: Collection[int]) -> Subject:
        return replace(self, positions=tuple(one for one in self.positions if one in positions))


def as_shown(order: Sequence[int], texts: Mapping[int, str] | None = None) -> Subject:
    """The candidates of an assignment, called by the letters under which they were shown."""
    names = {position: f"response {letter}" for letter, position in zip(LETTERS, order, strict=False)}
    return Subject(tuple(sorted(order)), texts or {}, names)
