"""What a ranking buys: accuracy of the labels by the share of pairs that people labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID = tuple(float(step) / 20 for step in range(21))
RESAMPLES = 50


@dataclass(frozen=True, slots=True)
class Curve:
    """``accuracy`` at each ``budget`` (shares of the pairs), the mean over seeds, with the middle 95 % over
    seeds and resamples of whole prompts. ``auc``: area under the whole curve, with its interval."""

    budget: tuple[float, ...]
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    auc: float
    auc_low: float
    auc_high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Area of one policy minus that of another, on the same seeds and the same resamples."""

    value: float
    low: float
    high: float

    @property
    def told(self) -> str:
        """ "better", "worse", or "unclear" where the interval holds 0."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "unclear"


@dataclass(frozen=True, slots=True)
class Curves:
    curves: dict[str, Curve]
    areas: dict[str, Floats]
    plain: dict[str, float]

    def difference(self, one: str, other: str) -> Difference:
        low, high = np.percentile(self.areas[one] - self.areas[other], [2.5, 97.5])
        return Difference(self.plain[one] - self.plain[other], float(low), float(high))


def accuracy_curve(order: Ints, wrong: NDArray[np.bool_], weight: Floats) -> tuple[Floats, Floats]:
    """Budget and accuracy, both (n + 1,), as pairs go to people in this order, each counting by its weight.

    A pair that people labelled is right; any other is right where the model's label is.
    """
    weights = weight[order]
    total = max(float(weights.sum()), 1e-12)
    mended = np.concatenate([[0.0], np.cumsum(weights * wrong[order])])
    spent = np.concatenate([[0.0], np.cumsum(weights)]) / total
    return spent, 1 - (float(weights @ wrong[order]) - mended) / total


def area(spent: Floats, accuracy: Floats) -> float:
    """Area under the curve by trapezoids; 1 would be right everywhere without a person."""
    return float(np.sum(np.diff(spent) * (accuracy[1:] + accuracy[:-1]) / 2))


def evaluate(
    orders: Mapping[str, Ints],
    wrong: NDArray[np.bool_],
    groups: Ints,
    *,
    grid: tuple[float, ...] = GRID,
    resamples: int = RESAMPLES,
) -> Curves:
    """Curves of several policies side by side. ``orders``: per policy (seeds, n), the pairs in the order in
    which people get them. Every policy meets the same resamples, so that differences are paired."""
    n = len(wrong)
    known, place = np.unique(groups, return_inverse=True)
    even = np.ones(n)
    at: dict[str, list[Floats]] = {name: [] for name in orders}
    bent: dict[str, list[Floats]] = {name: [] for name in orders}
    areas: dict[str, list[float]] = {name: [] for name in orders}
    plain: dict[str, list[float]] = {name: [] for name in orders}
    seeds = len(next(iter(orders.values())))
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 97])
        drawn = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=resamples)
        for name, ordered in orders.items():
            spent, accuracy = accuracy_curve(ordered[seed], wrong, even)
            at[name].append(np.interp(grid, spent, accuracy))
            plain[name].append(area(spent, accuracy))
            for weights in drawn:
                spent, accuracy = accuracy_curve(ordered[seed], wrong, weights[place].astype(np.float64))
                bent[name].append(np.interp(grid, spent, accuracy))
                areas[name].append(area(spent, accuracy))
    return Curves(
        {name: _curve(grid, at[name], bent[name], plain[name], areas[name]) for name in orders},
        {name: np.array(values) for name, values in areas.items()},
        {name: float(np.mean(values)) for name, values in plain.items()},
    )


def _curve(
    grid: tuple[float, ...], at: list[Floats], bent: list[Floats], plain: list[float], areas: list[float]
) -> Curve:
    low, high = np.percentile(np.array(bent), [2.5, 97.5], axis=0)
    area_low, area_high = np.percentile(areas, [2.5, 97.5])
    return Curve(
        grid,
        _numbers(np.mean(at, axis=0)),
        _numbers(low),
        _numbers(high),
        float(np.mean(plain)),
        float(area_low),
        float(area_high),
    )


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
