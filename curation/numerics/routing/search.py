"""Which pairs people label under a budget: the largest gains, or the best mixture that can be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.mixtures import count_tags, draw_mixtures
from curation.numerics.routing.prediction import Floats, PerformanceModel
from curation.numerics.routing.schema import Tags
from curation.numerics.threads import one_matrix_thread

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """Where the model was fitted: tag shares with their spread, and the largest leverage among them."""

    centre: Floats
    inverse: Floats
    most: float
    size: float

    @classmethod
    def of(cls, counts: Floats, *, size: float, penalty: float = 1.0) -> Region:
        """The region of mixtures (C, T) a model has seen. Leverage is v'(X'X + λI)⁻¹v on scaled shares."""
        shares = counts / size
        centre = shares.mean(axis=0)
        deviation = shares.std(axis=0)
        scale = np.where(deviation > 1e-12, deviation, 1.0)
        scaled = (shares - centre) / scale
        inverse = np.linalg.inv(scaled.T @ scaled + penalty * np.eye(shares.shape[1]))
        inverse = inverse / np.outer(scale, scale)
        leverage = ((scaled * scale) @ inverse * (scaled * scale)).sum(axis=1)
        return cls(centre, inverse, float(leverage.max(initial=0.0)), size)

    def leverage(self, counts: Floats) -> float:
        away = counts / self.size - self.centre
        return float(away @ self.inverse @ away)


@dataclass(frozen=True, slots=True)
class Found:
    """``chosen``: bool (n,), pairs for people. ``score``: as predicted. ``leverage`` of the mixture beside
    the ``most`` seen in training. ``swaps``: pairs exchanged after the best of the drawn mixtures."""

    chosen: Mask
    score: float
    leverage: float
    most: float
    swaps: int


def best_gains(gain: Floats, budget: int, *, only_positive: bool = False) -> Mask:
    """The ``budget`` pairs with the largest gain; the earlier one where two are equal. With a linear model
    this is the best there is."""
    chosen = np.zeros(len(gain), dtype=np.bool_)
    chosen[np.argsort(-gain, kind="stable")[:budget]] = True
    return chosen & (gain > 0) if only_positive else chosen


@one_matrix_thread()
def best_mixture(
    model: PerformanceModel,
    region: Region,
    tags: Tags,
    *,
    budget: int,
    seed: int,
    draws: int = 500,
    climb: bool = True,
) -> Found:
    """The best of ``draws`` mixtures of exactly ``budget`` pairs, improved by exchanges.

    An exchange swaps the chosen pairs that add least for those outside that would add most, by the model's
    slope at the mixture, many at once and then fewer. It is kept where the prediction rises and the leverage
    stays within what was seen in training: beyond, a fitted polynomial says nothing.
    """
    masks = draw_mixtures(tags, count=max(draws, 1), seed=seed, budgets=budget)
    counts = count_tags(masks, tags)
    scores = model.score(counts)
    inside = np.array([region.leverage(row) <= region.most + 1e-9 for row in counts])
    place = int(np.argmax(np.where(inside, scores, scores.min() - 1.0)))
    chosen, held, score, swaps = masks[place].copy(), counts[place], float(scores[place]), 0
    step = max(budget // 10, 1) if climb else 0
    limit = max(region.most, region.leverage(held))
    wide = tags.astype(np.float64)
    while step >= 1:
        worth = wide @ model.slope(held)
        leaving = np.argsort(np.where(chosen, worth, np.inf), kind="stable")[: min(step, int(chosen.sum()))]
        coming = np.argsort(np.where(chosen, np.inf, -worth), kind="stable")[
            : min(step, int((~chosen).sum()))
        ]
        pairs = min(len(leaving), len(coming))
        better = worth[coming[:pairs]] > worth[leaving[:pairs]] + 1e-15
        leaving, coming = leaving[:pairs][better], coming[:pairs][better]
        if not len(leaving):
            break
        moved = held + wide[coming].sum(axis=0) - wide[leaving].sum(axis=0)
        moved_score = float(model.score(moved[None, :])[0])
        if moved_score > score + 1e-12 and region.leverage(moved) <= limit + 1e-9:
            chosen[leaving], chosen[coming] = False, True
            held, score, swaps = moved, moved_score, swaps + len(leaving)
        else:
            step //= 2
    return Found(chosen, score, region.leverage(held), region.most, swaps)
