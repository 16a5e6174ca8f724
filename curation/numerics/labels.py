"""Labels, levels and highlighted passages of several judges become one answer, by majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Label:
    """``value``: what strictly more judges chose than anything else, None where two lead together.
    ``share``: of all judges, 0 for None."""

    value: str | None
    share: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of characters, half-open in code points, that more than half of the judges gave this label.
    ``severity``: the median level of those who marked any of it, the lower of two; None where none gave
    one."""

    start: int
    end: int
    label: str
    severity: int | None
    share: float


def majority_label(values: Sequence[str]) -> Label:
    """Raises ValueError for no values."""
    if not values:
        raise ValueError("There is no label to settle.")
    counts = Counter(values).most_common(2)
    if len(counts) == 2 and counts[0][1] == counts[1][1]:
        return Label(None, 0.0)
    return Label(counts[0][0], counts[0][1] / len(values))


def majority_labels(chosen: Sequence[Sequence[str]], options: Sequence[str]) -> list[str]:
    """The options that more than half of the judges chose, in their order. Raises ValueError for no
    judges."""
    if not chosen:
        raise ValueError("There is no label to settle.")
    counts = Counter(value for one in chosen for value in set(one))
    return [option for option in options if 2 * counts[option] > len(chosen)]


def median_level(levels: Sequence[int]) -> int:
    """The median of levels numbered from least to most; of two middle ones the lower. Raises ValueError for
    no levels."""
    if not levels:
        raise ValueError("There is no level to settle.")
    return sorted(levels)[(len(levels) - 1) // 2]


def majority_passages(
    marked: Sequence[Sequence[tuple[int, int, str, int | None]]], *, length: int
) -> list[Passage]:
    """Passages of one text, settled character by character and label by label.

    ``marked``: for each judge, the passages as (start, end, label, severity level). ``length``: of the text
    in code points. A judge who marked nothing counts as one who found nothing. Raises ValueError for no
    judges, or a passage outside the text.
    """
    if not marked:
        raise ValueError("There is nothing to settle without judges.")
    if any(not 0 <= start < end <= length for one in marked for start, end, _label, _level in one):
        raise ValueError("A passage lies outside the text.")
    found = []
    for label in sorted({label for one in marked for _start, _end, label, _level in one}):
        votes = [0] * (length + 1)
        for one in marked:
            # Two passages of one judge that overlap are one vote for the characters they share.
            covered = {at for start, end, own, _level in one if own == label for at in range(start, end)}
            for at in covered:
                votes[at] += 1
        for kept, run in groupby(range(length), key=lambda at: 2 * votes[at] > len(marked)):
            if kept:
                places = list(run)
                found.append(_passage(marked, label, places[0], places[-1] + 1, votes))
    return sorted(found, key=lambda passage: (passage.start, passage.end, passage.label))


def _passage(
    marked: Sequence[Sequence[tuple[int, int, str, int | None]]],
    label: str,
    start: int,
    end: int,
    votes: Sequence[int],
) -> Passage:
    levels = [
        level
        for one in marked
        for begin, stop, own, level in one
        if own == label and begin < end and stop > start and level is not None
    ]
    share = sum(votes[start:end]) / ((end - start) * len(marked))
    return Passage(start, end, label, median_level(levels) if levels else None, share)
