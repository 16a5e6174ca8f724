"""The proxy target: one Bradley-Terry head per mixture on frozen embeddings, all fitted at once.

A reward model per mixture is what one would want and cannot pay for. A head is a stand-in: it says how far
the *labels* differ in use, and nothing about what a large model would make of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.numerics.logistic import solve_heads
from curation.numerics.threads import one_matrix_thread

Floats = NDArray[np.float32]

RIDGE = 1e-2
# Scores of mixtures are compared to the second decimal; ten times the solver's own tolerance is plenty.
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Proxies:
    """``weights``: (d, C) in the units of the features; zeros for a mixture without a label."""

    weights: Floats
    steps: int
    converged: bool


@dataclass(frozen=True, slots=True)
class HeadScores:
    """Per mixture, on held-out gold. ``accuracy``: share of gold pairs whose sign is right, equal scores as
    half. ``likelihood``: mean log-probability of the gold label, the smoother of the two."""

    accuracy: NDArray[np.float64]
    likelihood: NDArray[np.float64]


@one_matrix_thread()
def fit_proxies(features: Floats, labels: NDArray[np.int8], *, ridge: float = RIDGE) -> Proxies:
    """Fit C heads on the same n pairs, whose labels alone differ.

    ``features`` (n, d): of the second response minus those of the first, no intercept. ``labels`` (C, n): +1
    where the second is better, −1 the first, 0 leaves the pair out.
    """
    values = np.ascontiguousarray(features, dtype=np.float32)
    found = np.zeros((values.shape[1], len(labels)), dtype=np.float32)
    some = np.flatnonzero((labels != 0).any(axis=1))
    if not len(some) or not values.any():
        return Proxies(found, 0, True)
    signs = np.ascontiguousarray(labels[some].T)
    used = (signs != 0).astype(np.uint8)
    weights = None if used.all() else used
    turned = np.where(signs == 0, 1, signs)
    solved = solve_heads(values, ridge=ridge, weights=weights, signs=turned, tolerance=TOLERANCE)
    found[:, some] = solved.weights
    return Proxies(found, solved.iterations, solved.converged)


@one_matrix_thread()
def score_proxies(proxies: Proxies, features: Floats, gold: NDArray[np.int8]) -> HeadScores:
    """Score every head on gold pairs: ``features`` (m, d), ``gold`` ±1 of shape (m,)."""
    margins = gold.astype(np.float32)[:, None] * (np.asarray(features, dtype=np.float32) @ proxies.weights)
    return HeadScores(
        accuracy=np.asarray(((margins > 0) + 0.5 * (margins == 0)).mean(axis=0), dtype=np.float64),
        likelihood=np.asarray(-np.logaddexp(0, -margins.astype(np.float64)).mean(axis=0)),
    )
