"""Krippendorff's alpha: agreement of any number of judges, with gaps, at four levels of measurement.

Klaus Krippendorff, "Computing Krippendorff's alpha-reliability" (2011): alpha = 1 − D_o / D_e over the
matrix of coincidences. Two identities keep it fast. The ordinal difference of values c and k, ``sum(n_g for
g in c..k) − (n_c + n_k) / 2``, is the difference of their mid-ranks, so the ordinal level is the interval
level on mid-ranks. And ``sum(n_c·n_k·(x_c − x_k)²)`` over all c, k is ``2·(n·sum(n_c·x_c²) −
sum(n_c·x_c)²)``, so expected disagreement needs no V×V table (the ratio level alone does).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

# Cells held at once while resampling: 4 million floats are 32 MB.
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Alpha:
    """Agreement and what it rests on.

    ``alpha`` is NaN where it cannot be computed: no unit has two values, or all values are one and the
    same. ``n_units`` counts units with two values or more and ``n_values`` the values in them. ``low`` and
    ``high`` bound the bootstrap interval over units; NaN where alpha is, or where no resampling was asked
    for.
    """

    alpha: float
    n_units: int
    n_values: int
    low: float
    high: float
    level: Level = "nominal"
    n_boot: int = 0


@dataclass(frozen=True, slots=True)
class _Coincidences:
    """U units over V distinct values; E different (value, value) cells occur inside units."""

    values: Floats  # (V,) ascending
    counts: sparse.csr_array  # (U, V) how often each value stands in each unit
    cells: sparse.csr_array  # (U, E) coincidences, that is pairs / (values in the unit − 1)
    left: Integers  # (E,) index of each cell's first value
    right: Integers  # (E,) index of each cell's second value


def krippendorff_alpha(
    values: ArrayLike, *, level: Level, n_boot: int = 1000, confidence: float = 0.95, seed: int = 0
) -> Alpha:
    """Alpha of ``values``, shape (units, judges), with NaN where a judge gave no value.

    ``n_boot`` resamples of whole units give a percentile interval of the given ``confidence``; resamples in
    which alpha is undefined are left out of it. The same ``seed`` gives the same interval. Raises
    ValueError for an unknown level, an infinite value, and a negative value at the ratio level.
    """
    if level not in get_args(Level):
        raise ValueError(f"There is no level {level!r}; choose one of {', '.join(get_args(Level))}.")
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"Values must have the shape (units, judges), not {table.shape}.")
    if np.isinf(table).any() or (level == "ratio" and (table < 0).any()):
        raise ValueError("Values must be finite, and at the ratio level not negative.")
    table = table[(~np.isnan(table)).sum(axis=1) >= 2]
    n_values = int((~np.isnan(table)).sum())
    if not len(table):
        return Alpha(np.nan, 0, 0, np.nan, np.nan, level, n_boot)
    found = _coincidences(table)
    alpha = float(_alphas(found, np.ones((1, len(table))), level)[0])
    low = high = np.nan
    if n_boot and np.isfinite(alpha):
        low, high = _interval(found, level, n_boot, confidence, np.random.default_rng(seed))
    return Alpha(alpha, len(table), n_values, low, high, level, n_boot)


def _coincidences(table: Floats) -> _Coincidences:
    """Count values and ordered pairs of values in each unit; a value is not paired with itself."""
    unit, judge = np.nonzero(~np.isnan(table))
    values, code = np.unique(table[unit, judge], return_inverse=True)
    n_units, n_values = len(table), len(values)
    # Equal (unit, value) entries add up on the way into the sparse matrix.
    counts = sparse.csr_array((np.ones(len(unit)), (unit, code)), shape=(n_units, n_values))
    counts.sum_duplicates()
    size = np.asarray(counts.sum(axis=1)).ravel()
    starts, order = counts.indptr, counts.indices
    kinds = np.diff(starts)
    row = np.repeat(np.arange(n_units), kinds**2)
    place = np.arange(len(row)) - np.repeat(np.cumsum(kinds**2) - kinds**2, kinds**2)
    width = kinds[row]
    one, other = starts[row] + place // width, starts[row] + place % width
    weight = (counts.data[one] * (counts.data[other] - (one == other))) / (size[row] - 1)
    cell, column = np.unique(order[one].astype(np.int64) * n_values + order[other], return_inverse=True)
    cells = sparse.csr_array((weight, (row, column)), shape=(n_units, len(cell)))
    return _Coincidences(values, counts, cells, cell // n_values, cell % n_values)


def _alphas(found: _Coincidences, weights: Floats, level: Level) -> Floats:
    """Alpha under B weightings of the units; ``weights`` has shape (B, U), the result (B,)."""
    counts = np.asarray((found.counts.T @ weights.T).T)
    cells = np.asarray((found.cells.T @ weights.T).T)
    total = counts.sum(axis=1)
    if level == "nominal":
        observed = cells[:, found.left != found.right].sum(axis=1)
        expected = total**2 - (counts**2).sum(axis=1)
    elif level == "ratio":
        table = _ratio(found.values[:, None], found.values[None, :])
        observed = cells @ table[found.left, found.right]
        expected = ((counts @ table) * counts).sum(axis=1)
    else:
        scale = np.cumsum(counts, axis=1) - counts / 2 if level == "ordinal" else found.values[None, :]
        # Moving the origin changes no difference and keeps the subtraction below exact to the last digits.
        scale = scale - (counts * scale).sum(axis=1, keepdims=True) / total[:, None]
        observed = (cells * (scale[:, found.left] - scale[:, found.right]) ** 2).sum(axis=1)
        expected = 2 * (total * (counts * scale**2).sum(axis=1) - (counts * scale).sum(axis=1) ** 2)
    defined = (counts > 0).sum(axis=1) > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(defined, 1.0 - (total - 1) * observed / expected, np.nan)


def _ratio(one: Floats, other: Floats) -> Floats:
    """((c − k) / (c + k))², and 0 between two zeros."""
    total = one + other
    return ((one - other) / np.where(total == 0, 1.0, total)) ** 2


def _interval(
    found: _Coincidences, level: Level, n_boot: int, confidence: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Percentile interval over resamples of units, drawn in blocks that fit the memory budget."""
    n_units = found.counts.shape[0]
    block = max(1, _BLOCK // max(n_units, found.counts.shape[1], found.cells.shape[1]))
    drawn: list[Floats] = []
    for start in range(0, n_boot, block):
        size = min(block, n_boot - start)
        picks = rng.integers(n_units, size=(size, n_units)) + n_units * np.arange(size)[:, None]
        weights = np.bincount(picks.ravel(), minlength=size * n_units).reshape(size, n_units)
        drawn.append(_alphas(found, weights.astype(np.float64), level))
    known = np.concatenate(drawn)
    known = known[np.isfinite(known)]
    if not len(known):
        return np.nan, np.nan
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return float(low), float(high)
