"""A judge made of a project's own labels: linear heads on frozen embeddings, each pair scored by heads that
never saw its prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from curation.numerics.logistic import solve_heads
from curation.numerics.strength import cross_fit

Floats = NDArray[np.float64]
# Fewer than for the strength of labels, where each vote is looked at: here only their mean is used.
SPLITS = 5
RIDGES = (3.0, 3e-1, 3e-2)


def head_chances(
    features: NDArray[np.float32], sides: NDArray[np.int64], groups: Sequence[str], *, seed: int = 0
) -> Floats:
    """Probability that the first candidate of each of n pairs is better.

    ``features`` (n, d): those of the first candidate minus those of the second; without an intercept, so
    exchanging the candidates turns p into 1 − p. ``sides``: what people said, 1 first, −1 second, 0 not
    known. A pair with a known side is scored by the half of the heads whose training left its prompt out; one
    without by a head that learnt from all the others. NaN where a feature is none. Raises TooFewPairs with
    fewer than 200 known pairs, or 20 prompts (see ``strength.cross_fit``).
    """
    known = np.flatnonzero(sides != 0)
    turned = features[known] * sides[known, None].astype(features.dtype)
    prompts = [groups[int(place)] for place in known]
    ensemble = cross_fit(turned, prompts, splits=SPLITS, ridges=RIDGES, seed=seed)
    strength = ensemble.strength
    chances = np.full(len(features), np.nan)
    # σ(aμ) believes the label; turned back, it is about the first candidate.
    believed = strength.probability
    chances[known] = np.where(sides[known] > 0, believed, 1 - believed)
    rest = np.flatnonzero(sides == 0)
    if len(rest):
        left_out = ensemble.identical | ensemble.missing
        weights = np.where(left_out, 0, 1).astype(features.dtype)[:, None]
        head = solve_heads(turned, ridge=ensemble.ridge, weights=weights, skip=left_out)
        chances[rest] = expit(strength.temperature * (features[rest] @ head.weights[:, 0]))
    return chances
