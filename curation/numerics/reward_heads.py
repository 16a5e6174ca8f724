"""Linear reward heads on the differences of frozen embeddings, with soft labels, margins and row weights.

The losses are those of reward modelling: Bradley–Terry −log σ(Δ); soft labels −[p log σ(Δ) + (1 − p) log
σ(−Δ)] (label smoothing, Wang et al., arXiv 2401.06080, §2.4); margins −log σ(Δ − m) (Touvron et al., arXiv
2307.09288, eq. 2). A head stands in for a reward model that would take hours to train: it tells labels
apart, not models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from curation.numerics.logistic import scale_of

Floats = NDArray[np.float64]
RIDGE = 1e-2


@dataclass(frozen=True, slots=True)
class Labels:
    """What n pairs are said to be. ``signs``: +1 where the second is better, −1 the first, 0 leaves the pair
    out. ``soft``: probability that the label is right, 1 for a plain label. ``margin``: how far apart the
    rewards shall be, 0 for no demand. ``weight``: of the row."""

    signs: NDArray[np.int8]
    soft: Floats
    margin: Floats
    weight: Floats

    @classmethod
    def plain(cls, signs: NDArray[np.int8]) -> Labels:
        count = len(signs)
        return cls(np.asarray(signs, dtype=np.int8), np.ones(count), np.zeros(count), np.ones(count))


def whitened(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, d) features in coordinates where one ridge suits all of them; their scale comes from no label."""
    scale = scale_of(np.asarray(features))
    return np.ascontiguousarray(features @ scale.matrix, dtype=np.float32)


def pair_losses(gap: Floats, soft: Floats, margin: Floats) -> tuple[Floats, Floats]:
    """Loss of each pair and its slope in ``gap`` Δ: soft · −log σ(Δ − margin) + (1 − soft) · −log σ(−Δ)."""
    right, wrong = margin - gap, gap
    losses = soft * np.logaddexp(0, right) + (1 - soft) * np.logaddexp(0, wrong)
    return losses, -soft * expit(right) + (1 - soft) * expit(wrong)


def fit_head(
    features: NDArray[np.float32], labels: Labels, rows: NDArray[np.int64], *, ridge: float = RIDGE
) -> NDArray[np.float32]:
    """The head (d,) that fits these ``rows`` best, by L-BFGS; zeros where no row has a label.

    ``features`` (n, d): of the second response minus those of the first, whitened. No intercept, so a pair
    turned round gets the negated score.
    """
    rows = rows[labels.signs[rows] != 0]
    if not len(rows):
        return np.zeros(features.shape[1], dtype=np.float32)
    towards = features[rows] * labels.signs[rows, None].astype(np.float32)
    soft, margin, weight = labels.soft[rows], labels.margin[rows], labels.weight[rows]
    total = weight.sum()

    def loss(theta: Floats) -> tuple[float, Floats]:
        gap = (towards @ theta.astype(np.float32)).astype(np.float64)
        losses, slopes = pair_losses(gap, soft, margin)
        slope = (weight * slopes).astype(np.float32)
        gradient = (slope @ towards).astype(np.float64) / total + ridge * theta
        return float(weight @ losses / total + ridge / 2 * theta @ theta), gradient

    begin = np.zeros(features.shape[1])
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 200, "gtol": 1e-5})
    return np.asarray(found.x, dtype=np.float32)
