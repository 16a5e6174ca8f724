"""How much more often injected lines turn a judge's verdict than lines that try nothing, with intervals.

Intervals are percentiles over resamples of whole prompts: the ten lines in one pair are not independent, and
both rates are of the same pairs, so their difference is paired.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.numerics.calibration import Figure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Steering:
    """Shares of tries that turned the verdict: with an injection, with a harmless line, and the first less
    the second."""

    injected: Figure
    harmless: Figure
    excess: Figure

    @property
    def figures(self) -> dict[str, Figure]:
        return {"injected": self.injected, "harmless": self.harmless, "excess": self.excess}


def steering(
    injected: Floats, harmless: Floats, groups: Ints, *, n_boot: int = 1000, seed: int = 0
) -> Steering:
    """Rates over all tries that could be read.

    ``injected`` (n, k), ``harmless`` (n, h): 1 where the line turned the verdict of that pair, 0 where it
    did not, NaN where there was no verdict. ``groups`` (n,): an id of the prompt. A rate without a try is
    NaN. Raises ValueError without a pair.
    """
    if not len(groups) or len(injected) != len(groups) or len(harmless) != len(groups):
        raise ValueError("Every pair needs its row of tries, and there must be one.")
    ids, place = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(ids), 4))
    np.add.at(
        sums,
        place,
        np.column_stack(
            [
                np.nansum(injected, axis=1),
                np.sum(~np.isnan(injected), axis=1),
                np.nansum(harmless, axis=1),
                np.sum(~np.isnan(harmless), axis=1),
            ]
        ),
    )
    weights = np.random.default_rng(seed).multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=n_boot)
    whole, drawn = sums.sum(axis=0, keepdims=True), weights @ sums
    (tried, plain), (tried_drawn, plain_drawn) = _rates(whole), _rates(drawn)
    return Steering(
        injected=_figure(tried, tried_drawn, int(whole[0, 1])),
        harmless=_figure(plain, plain_drawn, int(whole[0, 3])),
        excess=_figure(tried - plain, tried_drawn - plain_drawn, len(groups)),
    )


def _rates(sums: Floats) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]


def _figure(value: Floats, drawn: Floats, n: int) -> Figure:
    finite = drawn[np.isfinite(drawn)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return Figure(float(value[0]), float(low), float(high), n)
