"""Which model wins, as the judge sees it and with length taken out.

After length-controlled AlpacaEval (Dubois et al. 2024, arXiv 2404.04475): a logistic model of who wins with a
term for the gap in length; the length-controlled rate is its prediction at a gap of 0. Ours has one strength
per model (Bradley and Terry 1952) and no term for the prompt's difficulty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.numerics.calibration import fit_logistic

Floats = NDArray[np.float64]
# Beside the summed log-loss: models that never lost stay finite.
RIDGE = 0.5


@dataclass(frozen=True, slots=True)
class WinRate:
    """Shares of pairs won, a tie as half: ``raw``, and ``controlled`` for length. ``suspect``: the two are
    farther apart than a tenth, or than a quarter of the room that the raw rate leaves to the nearer end."""

    model: str
    n: int
    raw: float
    controlled: float
    suspect: bool


def win_rates(
    first: Sequence[str], second: Sequence[str], p_first: Floats, length_gap: Floats
) -> list[WinRate]:
    """Win rates of every model over n pairs, best first by the controlled rate.

    ``first``, ``second``: the models whose responses were compared; pairs of one model with itself are passed
    over. ``p_first``: probability that the first is better, ½ a tie. ``length_gap``: first minus second.
    """
    rows = [place for place, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    models = sorted({first[place] for place in rows} | {second[place] for place in rows})
    if len(models) < 2:
        return []
    number = {model: place for place, model in enumerate(models)}
    one = np.array([number[first[place]] for place in rows])
    other = np.array([number[second[place]] for place in rows])
    gap, chance = length_gap[rows], p_first[rows]
    won = np.where(np.abs(chance - 0.5) < 1e-12, 0.5, (chance > 0.5).astype(np.float64))
    design = np.zeros((len(rows), len(models) + 1))
    line = np.arange(len(rows))
    design[line, one] += 1
    design[line, other] -= 1
    design[:, -1] = np.tanh(gap / (float(np.sqrt(np.mean(gap**2))) or 1.0))
    theta = fit_logistic(design, won, ridge=RIDGE)[:-1]
    level = 1.0 / (1.0 + np.exp(theta[other] - theta[one]))
    found = [_rate(model, number[model], one, other, won, level) for model in models]
    return sorted(found, key=lambda rate: (-rate.controlled, rate.model))


def _rate(
    model: str, at: int, one: NDArray[np.int64], other: NDArray[np.int64], won: Floats, level: Floats
) -> WinRate:
    left, right = one == at, other == at
    raw = float(np.concatenate([won[left], 1 - won[right]]).mean())
    controlled = float(np.concatenate([level[left], 1 - level[right]]).mean())
    allowed = min(0.10, min(raw, 1 - raw) / 4)
    return WinRate(model, int(left.sum() + right.sum()), raw, controlled, abs(raw - controlled) > allowed)
