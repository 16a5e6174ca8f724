"""The answers that agree most: how HelpSteer2 and HelpSteer2-Preference come to one value.

Wang et al., "HelpSteer2: Open-source dataset for training top-performing reward models" (arXiv 2406.08673):
three people rate, a fourth and a fifth where they are more than two points apart, and the three that agree
most are averaged and rounded. Wang et al., "HelpSteer2-Preference" (arXiv 2410.01257): the same for a
preference of −3..3, with "neither is valid" kept out of every mean. Neither paper says which three where
several agree equally; the order below is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

# Up to here every subset is looked at; beyond, only neighbours in size, which hold a tightest subset too.
_ALL_SUBSETS = 12


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the values that agree most come to.

    ``kept``: their places in what was given, ascending. ``mean`` is theirs, ``value`` the integer nearest
    to it (a half goes to the even one), ``spread`` their largest minus their smallest. ``settled``: whether
    that is at most the spread allowed; otherwise more judges have to be asked, or the item set aside.
    """

    kept: tuple[int, ...]
    mean: float
    value: int
    spread: float
    settled: bool


def most_alike(values: Sequence[float], *, keep: int = 3) -> tuple[int, ...]:
    """The places of the ``keep`` values that agree most, ascending; all places where there are not more.

    Least range first, then least variance, then the mean nearest to the median of all values, then the
    earliest given. Raises ValueError for ``keep`` below 1 or for no values.
    """
    if keep < 1 or not values:
        raise ValueError("At least one value must be given, and kept.")
    if len(values) <= keep:
        return tuple(range(len(values)))
    middle = median(values)

    def badness(places: tuple[int, ...]) -> tuple[float, float, float, tuple[int, ...]]:
        chosen = [values[place] for place in places]
        mean = sum(chosen) / keep
        variance = sum((value - mean) ** 2 for value in chosen) / keep
        # Rounded, so that sums taken in another order tie where they should.
        return max(chosen) - min(chosen), round(variance, 9), round(abs(mean - middle), 9), places

    if len(values) <= _ALL_SUBSETS:
        return min(combinations(range(len(values)), keep), key=badness)
    ordered = sorted(range(len(values)), key=lambda place: (values[place], place))
    windows = (ordered[start : start + keep] for start in range(len(values) - keep + 1))
    return min((tuple(sorted(window)) for window in windows), key=badness)


def agree(values: Sequence[float], *, keep: int = 3, most_spread: float = 2) -> Agreed:
    """Settle one number per judge by the ``keep`` that agree most.

    With fewer than ``keep`` values all are kept. Raises ValueError as ``most_alike`` does.
    """
    kept = most_alike(values, keep=keep)
    chosen = [values[place] for place in kept]
    mean = sum(chosen) / len(chosen)
    spread = float(max(chosen) - min(chosen))
    return Agreed(kept, mean, round(mean), spread, spread <= most_spread)


def least_spread(values: Sequence[float], *, keep: int = 3) -> float:
    """How far apart the ``keep`` values that agree most are: above the spread allowed, one more judge is
    asked."""
    return agree(values, keep=keep).spread
