"""CHES and LN-CHES: how much alike two responses look to the policy that will be trained on them.

Razin et al., "Unintentional unalignment: likelihood displacement in direct preference optimization",
arXiv 2410.08847, Definition 2 (CHES) and Definition 3 (LN-CHES).

With ``s`` the sum of a response's hidden vectors over its tokens and ``n`` their number::

    CHES    = <s_chosen, s_rejected> − ||s_chosen||²
    LN-CHES = <s_chosen, s_rejected> / (n_chosen · n_rejected) − ||s_chosen||² / n_chosen²

A high score marks a pair whose training is likely to lower the probability of the chosen response. Both
scores need only the 2×2 Gram matrix of the two sums, so one forward pass serves both directions of the
label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scalar: TypeAlias = float | int | None
Column: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GramColumns:
    """Gram scalars of N pairs as stored, each a column of shape (N,); NaN where a pair could not be read.

    ``cross`` is <s_first, s_second>, ``square_first`` is ||s_first||², ``square_second`` is ||s_second||²;
    ``n_first`` and ``n_second`` count the vectors that were summed (tokens of the response plus one).
    """

    cross: Column
    square_first: Column
    square_second: Column
    n_first: Column
    n_second: Column


@dataclass(frozen=True, slots=True)
class ChesScores:
    """Scores of N pairs, shape (N,); NaN where any number they are made of is missing."""

    ches: Column
    ln_ches: Column


@overload
def ches(cross: Scalar, square_chosen: Scalar) -> float: ...
@overload
def ches(cross: ArrayLike, square_chosen: ArrayLike) -> Column: ...
def ches(cross: ArrayLike | None, square_chosen: ArrayLike | None) -> Column | float:
    """Definition 2, from ``<s_chosen, s_rejected>`` and ``||s_chosen||²``.

    Scalars give a float, arrays of shape (N,) give an array of shape (N,). None, NaN and infinities give NaN.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return _finite(_numbers(cross) - _numbers(square_chosen))


@overload
def ln_ches(cross: Scalar, square_chosen: Scalar, n_chosen: Scalar, n_rejected: Scalar) -> float: ...
@overload
def ln_ches(
    cross: ArrayLike, square_chosen: ArrayLike, n_chosen: ArrayLike, n_rejected: ArrayLike
) -> Column: ...
def ln_ches(
    cross: ArrayLike | None,
    square_chosen: ArrayLike | None,
    n_chosen: ArrayLike | None,
    n_rejected: ArrayLike | None,
) -> Column | float:
    """Definition 3: the same on mean vectors instead of sums, so that length does not count.

    Shapes and missing numbers as in :func:`ches`; a count below one gives NaN.
    """
    chosen, rejected = _counts(n_chosen), _counts(n_rejected)
    with np.errstate(invalid="ignore", over="ignore"):
        return _finite(_numbers(cross) / (chosen * rejected) - _numbers(square_chosen) / chosen**2)


def score_pairs(gram: GramColumns, *, chosen_is_first: ArrayLike) -> ChesScores:
    """Both scores of N pairs, each in the direction of its own label (``chosen_is_first``: N booleans)."""
    first = np.asarray(chosen_is_first, dtype=bool)
    square = np.where(first, gram.square_first, gram.square_second)
    n_chosen = np.where(first, gram.n_first, gram.n_second)
    n_rejected = np.where(first, gram.n_second, gram.n_first)
    return ChesScores(
        ches=np.atleast_1d(ches(gram.cross, square)),
        ln_ches=np.atleast_1d(ln_ches(gram.cross, square, n_chosen, n_rejected)),
    )


def _numbers(values: ArrayLike | None) -> Column:
    return np.asarray(values, dtype=np.float64)


def _counts(values: ArrayLike | None) -> Column:
    counts = _numbers(values)
    return np.where(np.isfinite(counts) & (counts >= 1), counts, np.nan)


def _finite(scores: Column) -> Column | float:
    kept = np.where(np.isfinite(scores), scores, np.nan)
    return float(kept) if kept.ndim == 0 else kept
