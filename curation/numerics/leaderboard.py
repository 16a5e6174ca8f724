"""Models in the order of their worth, by what judges said of their responses.

Where two responses were compared at a time, by Davidson's model with ties; where lists were put in an order,
by Plackett's and Luce's. Intervals of 95 %: of pairs by drawing whole judges again, for one judge's answers
hang together; of lists, and of fewer than five judges, by the standard error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.davidson import NotConverged, Worths, davidson, is_connected, resampled
from curation.numerics.plackett_luce import plackett_luce

Floats = NDArray[np.float64]
PSEUDO = 0.01
LEAST_JUDGES = 5
MOST_MODELS = 100
NORMAL = 1.959964
# Beyond it a table of judges by models by models would not fit into memory.
MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one judge said of one item: names of models in groups from best to worst, a group being a tie."""

    judge: int
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """``theta``: log-worth, of all models with sum 0; ``low``, ``high``: its interval. ``share``: the chance
    to be called the best of all. ``n``: comparisons it was in; the counts are of other models in them."""

    model: str
    theta: float
    se: float
    low: float
    high: float
    share: float
    n: int
    won: int
    tied: int
    lost: int


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """``method``: "davidson" or "plackett_luce". ``connected``: whether the comparisons alone have a finite
    maximum; otherwise a hundredth of a win was added for every two models, both ways. ``interval``: "judges"
    or "normal", how the intervals were made. ``nu``: how ready the judges are to call a tie."""

    method: str
    connected: bool
    interval: str
    nu: float
    judges: int
    comparisons: int
    models: tuple[Placed, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"models": [asdict(one) for one in self.models]}


def leaderboard(comparisons: Sequence[Comparison], *, seed: int = 0) -> Leaderboard | None:
    """Place every model that was compared with another, best first; None where there are not two, or more
    than a hundred, or where the search for the maximum failed."""
    models = sorted({name for one in comparisons for group in one.groups for name in group})
    if not 2 <= len(models) <= MOST_MODELS:
        return None
    number = {model: place for place, model in enumerate(models)}
    judges = sorted({one.judge for one in comparisons})
    wins, ties = _counts(comparisons, number)
    pairs = all(sum(map(len, one.groups)) == 2 for one in comparisons)
    pseudo = 0.0 if is_connected(wins) else PSEUDO
    rankings = [[[number[name] for name in group] for group in one.groups] for one in comparisons]
    try:
        if pairs:
            found = davidson(wins, ties, pseudo=pseudo)
        else:
            found = plackett_luce(rankings, len(models), pseudo=pseudo)
    except NotConverged:
        # Nobody's verdict hangs on it: a settling goes on without a table.
        return None
    drawn = pairs and len(judges) >= LEAST_JUDGES and len(judges) * len(models) ** 2 <= MOST_CELLS
    low, high = _by_judges(comparisons, number, judges, seed) if drawn else _by_error(found)
    counted = Counter(name for one in comparisons for group in one.groups for name in group)
    placed = [
        Placed(
            model=model,
            theta=round(float(found.theta[place]), 6),
            se=round(float(found.se[place]), 6),
            low=round(float(low[place]), 6),
            high=round(float(high[place]), 6),
            share=round(float(found.share[place]), 6),
            n=counted[model],
            won=int(wins[place].sum()),
            tied=int(ties[place].sum()),
            lost=int(wins[:, place].sum()),
        )
        for model, place in number.items()
    ]
    return Leaderboard(
        "davidson" if pairs else "plackett_luce",
        found.connected,
        "judges" if drawn else "normal",
        round(found.nu, 6),
        len(judges),
        len(comparisons),
        tuple(sorted(placed, key=lambda one: (-one.theta, one.model))),
    )


def _counts(comparisons: Sequence[Comparison], number: dict[str, int]) -> tuple[Floats, Floats]:
    """Wins and ties of every two models, (m, m)."""
    wins, ties = np.zeros((len(number), len(number))), np.zeros((len(number), len(number)))
    for one in comparisons:
        _count(one, number, wins, ties)
    return wins, ties


def _count(one: Comparison, number: dict[str, int], wins: Floats, ties: Floats) -> None:
    for place, group in enumerate(one.groups):
        for name in group:
            for other in group:
                if other != name:
                    ties[number[name], number[other]] += 1
            for below in one.groups[place + 1 :]:
                for other in below:
                    wins[number[name], number[other]] += 1


def _by_judges(
    comparisons: Sequence[Comparison], number: dict[str, int], judges: Sequence[int], seed: int
) -> tuple[Floats, Floats]:
    rows = {judge: row for row, judge in enumerate(judges)}
    wins = np.zeros((len(judges), len(number), len(number)))
    ties = np.zeros_like(wins)
    for one in comparisons:
        _count(one, number, wins[rows[one.judge]], ties[rows[one.judge]])
    theta = resampled(wins, ties, pseudo=PSEUDO, seed=seed)
    low, high = np.quantile(theta, [0.025, 0.975], axis=0)
    return low, high


def _by_error(found: Worths) -> tuple[Floats, Floats]:
    return found.theta - NORMAL * found.se, found.theta + NORMAL * found.se
