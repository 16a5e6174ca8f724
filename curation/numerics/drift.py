"""Whether a judge still agrees with people as it did: agreement over time on items that people see anyway.

Rows are weighted by the inverse of the probability with which a person was asked (Horvitz and Thompson 1952;
normalised by the weights' sum, Hájek 1971), so that routing hard items to people does not look like drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """Weighted agreement over consecutive rows, with the middle 95 % of its resamples. ``start`` and ``end``
    are times as they were given."""

    start: float
    end: float
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Drift:
    """``change``: the last window's agreement minus that of all rows before it, with its interval; NaN with
    too few rows. ``drifted``: the whole interval lies below 0."""

    windows: list[Window]
    change: float
    low: float
    high: float
    drifted: bool

    @property
    def known(self) -> bool:
        return self.change == self.change

    @property
    def values(self) -> list[float]:
        return [window.value for window in self.windows]

    @property
    def last_n(self) -> int:
        return self.windows[-1].n if self.windows else 0


def watch_drift(
    times: Floats, agrees: Floats, probability: Floats, *, window: int = 50, n_boot: int = 1000, seed: int = 0
) -> Drift:
    """Agreement (0..1 per row) in windows of ``window`` rows in the order of time.

    ``probability``: chance that a person was asked about the row. Raises ValueError where it is not within
    (0, 1], or the columns differ in length. Every look at the same data is another chance for a false alarm:
    the interval is that of one look.
    """
    if not len(times) == len(agrees) == len(probability):
        raise ValueError("Times, agreement and probability need one row each.")
    if np.any((probability <= 0) | (probability > 1)):
        raise ValueError("The probability that a person is asked lies above 0 and up to 1.")
    order = np.argsort(times, kind="stable")
    times, agrees, weights = times[order], agrees[order], 1.0 / probability[order]
    rng = np.random.default_rng(seed)
    # The oldest window takes what does not fill one of its own.
    ends = list(range(len(times), 0, -window))[::-1]
    if len(ends) > 1 and ends[0] < LEAST_ROWS:
        ends.pop(0)
    starts = [0, *ends[:-1]]
    windows = [
        Window(float(times[a]), float(times[b - 1]), b - a, *_mean(agrees[a:b], weights[a:b], n_boot, rng))
        for a, b in zip(starts, ends, strict=True)
    ]
    if len(windows) < 2 or min(ends[-2], len(times) - ends[-2]) < LEAST_ROWS:
        return Drift(windows, np.nan, np.nan, np.nan, drifted=False)
    cut = ends[-2]
    late = _draws(agrees[cut:], weights[cut:], n_boot, rng)
    early = _draws(agrees[:cut], weights[:cut], n_boot, rng)
    low, high = np.quantile(late - early, [0.025, 0.975])
    change = windows[-1].value - float(np.average(agrees[:cut], weights=weights[:cut]))
    return Drift(windows, change, float(low), float(high), drifted=bool(high < 0))


def _mean(
    agrees: Floats, weights: Floats, n_boot: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    low, high = np.quantile(_draws(agrees, weights, n_boot, rng), [0.025, 0.975])
    return float(np.average(agrees, weights=weights)), float(low), float(high)


def _draws(agrees: Floats, weights: Floats, n_boot: int, rng: np.random.Generator) -> Floats:
    counts = rng.multinomial(len(agrees), np.full(len(agrees), 1 / len(agrees)), size=n_boot)
    return np.asarray((counts @ (weights * agrees)) / np.maximum(counts @ weights, 1e-12))
