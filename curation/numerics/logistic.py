"""Many logistic regressions on the same rows at once: one pass over the features serves every head.

Each head has row weights (which rows it learns from) and row signs (which way the label points) of its own,
so the same solver fits cross-fitted ensembles and Bradley–Terry heads that differ in labels only. There is no
intercept and nothing is centred: on differences of features that keeps a swapped pair at the negated score.

Head k minimises, over θ in scaled coordinates ``z = xP``::

    (1 / Σ_i W_ik) Σ_i W_ik · softplus(−S_ik · z_i·θ_k)  +  (ridge / 2) ‖θ_k‖²

P is the inverse Cholesky factor of the Gram matrix where there are ten rows per feature, and divides by
each feature's root mean square otherwise. It is applied to the d × K weights and never to the rows, so no
second copy of the features is made. The minimum is found by Nesterov's accelerated gradient (1983) with a
fixed step and a restart where the momentum points uphill (O'Donoghue and Candès, arXiv 1204.3982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigvalsh, solve_triangular

Matrix = NDArray[Any]

# Rows per block: every product has to be worth its threads, and a block's margins are small all the same.
BLOCK = 65536
# Whitening needs this many rows per feature; with fewer, the Gram matrix is noise.
ROWS_PER_FEATURE = 10
# A column so many times as wide has its penalty divided by the square.
LIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Heads:
    """``weights``: (d, K) in the features' own units. ``scaled``: (d, K) as solved for, to start the next
    solution from. ``gradient``: the largest gradient norm of any head at the end, against the tolerance."""

    weights: Matrix
    scaled: Matrix
    iterations: int
    gradient: float
    converged: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """``matrix``: P, (d, d). ``largest``: the largest eigenvalue of PᵀGP. ``whitened``: PᵀGP is about I."""

    matrix: Matrix
    largest: float
    whitened: bool


def scale_of(features: Matrix, *, skip: NDArray[np.bool_] | None = None, light: Sequence[int] = ()) -> Scale:
    """The coordinates to solve in, from the Gram matrix of (n, d) features; ``skip`` marks n rows to leave
    out. ``light``: columns that the ridge weighs on a hundredth as much where rows are few; for a column
    that is known to tell much, beside hundreds that each tell little.

    Raises ValueError where there is no row, or every feature is 0 throughout.
    """
    n, d = features.shape
    gram = np.zeros((d, d), dtype=np.float64)
    for _start, rows in blocks(features, skip):
        gram += rows.T @ rows
    kept = n - (int(skip.sum()) if skip is not None else 0)
    if kept == 0 or not np.trace(gram) > 0:
        raise ValueError("There is nothing to learn from: every feature is 0 in every row.")
    gram /= kept
    if kept >= ROWS_PER_FEATURE * d:
        factor = cholesky(gram + np.eye(d) * (1e-4 * np.trace(gram) / d), lower=True)
        return Scale(solve_triangular(factor, np.eye(d), lower=True).T, 1.0, True)
    size = np.sqrt(np.diag(gram))
    inverse = np.divide(1.0, size, out=np.zeros(d), where=size > 0)
    inverse[list(light)] *= LIGHT
    matrix = np.diag(inverse)
    return Scale(matrix, float(eigvalsh(matrix @ gram @ matrix)[-1]), False)


def solve_heads(
    features: Matrix,
    *,
    ridge: float,
    weights: Matrix | None = None,
    signs: Matrix | None = None,
    skip: NDArray[np.bool_] | None = None,
    scale: Scale | None = None,
    start: Matrix | None = None,
    tolerance: float = 1e-4,
    max_iterations: int = 500,
) -> Heads:
    """Fit K heads on (n, d) features, float32 or float64; the arithmetic is done in the features' own type.

    ``weights``: (n, K), not negative, any type (0/1 in uint8 is the smallest); ``signs``: (n, K) of ±1, any
    type. Either may be left out: then every row counts once, or every label is +1. ``skip``: n rows that no
    head may touch, whatever they hold. ``scale`` and ``start`` (``scaled`` of an earlier solution) save work
    when the same rows are solved again.

    Raises ValueError where the shapes differ, neither weights nor signs say how many heads there are, a
    head has no row, or the ridge is negative.
    """
    heads = _heads(features, weights, signs)
    if ridge < 0:
        raise ValueError("The ridge must not be negative.")
    scale = scale or scale_of(features, skip=skip)
    totals = _totals(features, weights, skip, heads)
    bound = 0.25 * _largest(scale, features.shape, float(totals.min()) / features.shape[0])
    for _attempt in range(6):
        found = _descend(
            lambda look: _gradient(features, look, weights, signs, skip, scale.matrix) / totals,
            np.zeros((features.shape[1], heads)) if start is None else np.asarray(start, dtype=np.float64),
            ridge=ridge,
            lipschitz=bound + ridge,
            tolerance=tolerance,
            max_iterations=max_iterations,
        )
        if found is not None:
            scaled, iterations, gradient = found
            return Heads(scale.matrix @ scaled, scaled, iterations, gradient, gradient < tolerance)
        # Rows of one head may be less evenly spread than a random half would be: take shorter steps.
        bound *= 2
    raise ValueError("The heads did not settle: the features are too large or not finite.")


def blocks(features: Matrix, skip: NDArray[np.bool_] | None = None, *, size: int = BLOCK) -> Any:
    """The rows a block at a time, as (start, rows); rows to skip come as zeros, the caller's stay as they
    are."""
    for start in range(0, features.shape[0], size):
        rows = features[start : start + size]
        if skip is not None and skip[start : start + size].any():
            rows = np.where(skip[start : start + size, None], 0, rows).astype(rows.dtype, copy=False)
        yield start, rows


def _gradient(
    features: Matrix,
    look: Matrix,
    weights: Matrix | None,
    signs: Matrix | None,
    skip: NDArray[np.bool_] | None,
    scale: Matrix,
) -> Matrix:
    """Gradients of the summed losses at ``look``, (d, K)."""
    point = (scale @ look).astype(features.dtype)
    total = np.zeros(look.shape, dtype=np.float64)
    with np.errstate(over="ignore"):
        for start, rows in blocks(features, skip):
            pull = rows @ point
            sign = None if signs is None else signs[start : start + len(rows)].astype(pull.dtype, copy=False)
            if sign is not None:
                pull *= sign
            # σ(−m) = 1 / (1 + e^m); an overflow of e^m is the right answer, 0.
            np.exp(pull, out=pull)
            pull += 1
            np.reciprocal(pull, out=pull)
            if weights is not None:
                pull *= weights[start : start + len(rows)]
            if sign is not None:
                pull *= sign
            total -= rows.T @ pull
    return np.asarray(scale.T @ total)


def _descend(
    gradient_at: Any, start: Matrix, *, ridge: float, lipschitz: float, tolerance: float, max_iterations: int
) -> tuple[Matrix, int, float] | None:
    """Accelerated descent of all heads together; None where it ran away."""
    here, look = start, start
    pace = np.ones(start.shape[1])
    first = size = np.inf
    for iteration in range(1, max_iterations + 1):
        gradient = gradient_at(look) + ridge * look
        size = float(np.linalg.norm(gradient, axis=0).max())
        first = min(first, size) if iteration == 1 else first
        if not np.isfinite(size) or size > 10 * first + tolerance:
            return None
        moved = look - gradient / lipschitz
        if size < tolerance:
            return moved, iteration, size
        pace[(gradient * (moved - here)).sum(axis=0) > 0] = 1.0
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        look = moved + (pace - 1) / faster * (moved - here)
        here, pace = moved, faster
    return here, max_iterations, size


def _largest(scale: Scale, shape: tuple[int, ...], share: float) -> float:
    """A bound for the largest eigenvalue of any head's own Gram matrix in scaled coordinates.

    For a random share p of n whitened rows it lies at the edge (√(c(1−p)) + √(p(1−c)))² / p of the Jacobi
    ensemble, c = d/n (Wachter 1980), and never above 1/p.
    """
    share = min(share, 1.0)
    if share <= 0 or not scale.whitened:
        return scale.largest / max(share, 1e-9)
    ratio = min(shape[1] / shape[0], 1.0)
    edge = (np.sqrt(ratio * (1 - share)) + np.sqrt(share * (1 - ratio))) ** 2 / share
    return float(min(1.05 * max(edge, 1.0), 1 / share))


def _heads(features: Matrix, weights: Matrix | None, signs: Matrix | None) -> int:
    given = [matrix for matrix in (weights, signs) if matrix is not None]
    if not given:
        raise ValueError("Give weights or signs: they say how many heads there are.")
    n = features.shape[0]
    if any(matrix.ndim != 2 or matrix.shape != given[0].shape or len(matrix) != n for matrix in given):
        raise ValueError(f"Weights and signs must both be (n, K) with n = {n} rows.")
    return int(given[0].shape[1])


def _totals(
    features: Matrix, weights: Matrix | None, skip: NDArray[np.bool_] | None, heads: int
) -> NDArray[np.float64]:
    """How much each head has to learn from."""
    kept = slice(None) if skip is None else ~skip
    if weights is None:
        totals = np.full(heads, float(len(features) if skip is None else (~skip).sum()))
    else:
        totals = weights[kept].sum(axis=0, dtype=np.float64)
    if not (totals > 0).all():
        raise ValueError("A head has no row to learn from.")
    return totals
