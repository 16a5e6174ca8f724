"""Preference strength: how far an ensemble believes the label of each pair, and how much its members differ.

Wang et al., "Secrets of RLHF in Large Language Models Part II: Reward Modeling", arXiv 2401.06080, §2.2 to
2.4: with d_m = r_m(chosen) − r_m(rejected) over M reward models, the strength of a pair is μ = mean of d_m
with spread σ (population, 1/M). There M large models score the pairs they were trained on. Here the members
are linear heads on frozen embeddings, and each pair is scored only by heads that never saw it or its prompt:
cross-fitted in M random splits into halves, 2M heads give every pair exactly M votes from outside.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import rankdata

from curation.numerics.folds import SPLITS, Folds, draw_folds
from curation.numerics.logistic import Heads, Matrix, blocks, scale_of, solve_heads

# The large ones are for few pairs: with fewer than ten for each feature, all that is smaller overfits.
RIDGES = (10.0, 3.0, 1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
# So often in a row a smaller ridge may have done worse before the rest is left out.
WORSE = 2
MIN_PAIRS, MIN_UNITS = 200, 20
# Ranks from the lowest μ up, as shares: the bins of §2.3 of the paper.
BIN_EDGES = (0.2, 0.4, 0.9)
BINS = ("suspect", "ambiguous", "normal", "easy")
TEMPERATURES = (1e-6, 1e6)


class TooFewPairs(ValueError):
    """Fewer than 200 usable pairs, or fewer than 20 prompts: the numbers would say more about luck."""


@dataclass(frozen=True, slots=True)
class Strength:
    """Of n pairs, all arrays (n,); NaN (or False) for a pair without votes.

    ``mean`` and ``spread`` are μ and σ over the pair's ``votes``. ``margin`` is aμ with the ``temperature``
    a for which σ(aμ) is calibrated against the labels, ``probability`` that σ(aμ). ``bins`` index ``BINS`` by
    rank, −1 without votes. ``flips``: proposed for review as wrongly labelled, μ < 0 and μ + 2σ < 0.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    votes: NDArray[np.int64]
    margin: NDArray[np.float64]
    probability: NDArray[np.float64]
    bins: NDArray[np.int8]
    flips: NDArray[np.bool_]
    temperature: float


@dataclass(frozen=True, slots=True)
class Ensemble:
    """``strength`` of n pairs, the ``differences`` it comes from (n, M), and how it was found.

    ``identical``: pairs without any difference, which have μ = σ = 0 and taught nothing. ``missing``: pairs
    with a feature that is no number, which have no votes. ``log_loss`` and ``accuracy`` are out of sample.
    """

    strength: Strength
    differences: Matrix
    folds: Folds
    identical: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    ridge: float
    log_loss: float
    accuracy: float
    iterations: int


def strength_of(differences: ArrayLike) -> Strength:
    """Strength from (n, M) differences r_m(chosen) − r_m(rejected); a NaN is a vote that was not given."""
    given = np.asarray(differences)
    if given.ndim != 2:
        raise ValueError("Differences must be (n, M): a row per pair, a column per member.")
    there = np.isfinite(given)
    votes = there.sum(axis=1)
    some = np.maximum(votes, 1)
    mean = np.where(there, given, 0).sum(axis=1, dtype=np.float64) / some
    off = np.where(there, given - mean[:, None], 0)
    spread = np.sqrt(np.einsum("ij,ij->i", off, off, dtype=np.float64) / some)
    mean, spread = (np.where(votes > 0, column, np.nan) for column in (mean, spread))
    temperature = calibrate(mean[(votes > 0) & (mean != 0)])
    margin = temperature * mean
    return Strength(
        mean=mean,
        spread=spread,
        votes=votes.astype(np.int64),
        margin=margin,
        probability=expit(margin),
        bins=rank_bins(mean),
        flips=(mean < 0) & (mean + 2 * spread < 0),
        temperature=temperature,
    )


def strength_of_lists(chosen: ArrayLike, rejected: ArrayLike) -> Strength:
    """Strength from the scores that K reward models gave to each chosen and each rejected response, (n,
    K)."""
    one, other = np.asarray(chosen, dtype=np.float64), np.asarray(rejected, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError("Both sides need as many scores: a row per pair, a column per reward model.")
    with np.errstate(invalid="ignore"):
        return strength_of(one - other)


def to_one_scale(differences: ArrayLike) -> NDArray[np.float64]:
    """Each column of (n, K) differences over its root mean square, so that a reward model with large numbers
    does not outvote the others. Signs stay; NaN stays NaN; a column of zeros stays so."""
    given = np.asarray(differences, dtype=np.float64)
    there = np.isfinite(given)
    count = np.maximum(there.sum(axis=0), 1)
    size = np.sqrt((np.where(there, given, 0) ** 2).sum(axis=0) / count)
    return np.asarray(np.divide(given, size, out=given.copy(), where=size > 0))


def calibrate(means: ArrayLike) -> float:
    """The temperature a > 0 that minimises Σ softplus(−aμ): every row points to its label, so the target is
    1.

    Where every μ has the right sign, or on the whole more is wrong than right, the best a lies at an end
    of the range and that end is given back. Without a row it is 1.
    """
    mu = np.asarray(means, dtype=np.float64)
    if not len(mu):
        return 1.0
    mu = mu[mu != 0]
    if not len(mu):
        return 1.0
    unit = float(np.abs(mu).mean())
    low, high = (edge / unit for edge in TEMPERATURES)

    def slope(log_a: float) -> float:
        return float(-(mu * expit(-np.exp(log_a) * mu)).sum() / unit)

    if slope(np.log(low)) >= 0:
        return low
    if slope(np.log(high)) <= 0:
        return high
    return float(np.exp(brentq(slope, np.log(low), np.log(high), xtol=1e-12)))


def rank_bins(means: ArrayLike) -> NDArray[np.int8]:
    """The bin of each μ by its rank among those that are numbers; equal μ are in the same bin. −1 for NaN."""
    mu = np.asarray(means, dtype=np.float64)
    there = np.isfinite(mu)
    bins = np.full(len(mu), -1, dtype=np.int8)
    if there.any():
        share = (rankdata(mu[there], method="average") - 0.5) / there.sum()
        bins[there] = np.searchsorted(np.array(BIN_EDGES), share, side="right")
    return bins


def cross_fit(
    features: Matrix,
    groups: Sequence[str],
    *,
    responses: Sequence[tuple[Hashable, Hashable]] | None = None,
    splits: int = SPLITS,
    ridges: Sequence[float] = RIDGES,
    light: Sequence[int] = (),
    seed: int = 0,
) -> Ensemble:
    """Strength of n pairs from (n, d) differences of features, chosen minus rejected, and the pairs' prompts.

    Of several ``ridges``, from the largest down, the one with the least log-loss out of sample is taken; see
    ``draw_folds`` for ``groups``, ``responses`` and ``seed``, ``scale_of`` for the columns ``light``. The
    features are read in blocks and never copied. Raises
    TooFewPairs.
    """
    norms = np.einsum("ij,ij->i", features, features)
    missing = ~np.isfinite(norms)
    identical = norms == 0
    skip = missing | identical
    folds = draw_folds(groups, responses=responses, splits=splits, seed=seed)
    _check_enough(skip, folds)
    mask = folds.masks()
    mask[skip] = 0
    scale = scale_of(features, skip=missing, light=light)
    best: tuple[float, float, Matrix] | None = None
    start, iterations, worse = None, 0, 0
    for ridge in sorted(ridges, reverse=True):
        heads = solve_heads(features, ridge=ridge, weights=mask, skip=missing, scale=scale, start=start)
        start, iterations = heads.scaled, iterations + heads.iterations
        differences = votes_outside(features, heads, folds, missing=missing)
        loss = float(np.logaddexp(0, -differences[~skip]).mean(dtype=np.float64))
        if best is None or loss < best[0]:
            best, worse = (loss, ridge, differences), 0
        elif (worse := worse + 1) == WORSE:
            break
    assert best is not None
    loss, ridge, differences = best
    strength = strength_of(differences)
    right = strength.mean[~skip] > 0
    return Ensemble(
        strength, differences, folds, identical, missing, ridge, loss, float(right.mean()), iterations
    )


def votes_outside(
    features: Matrix, heads: Heads, folds: Folds, *, missing: NDArray[np.bool_] | None = None
) -> Matrix:
    """(n, M): for each split, the score by the head that did not learn from the row's half; NaN where
    missing."""
    point = heads.weights.astype(features.dtype)
    votes = np.empty(folds.sides.shape, dtype=features.dtype)
    for start, rows in blocks(features, missing):
        scores = (rows @ point).reshape(len(rows), -1, 2)
        side = folds.sides[start : start + len(rows), :, None]
        # Head 2m learnt from half 1: it scores the rows of half 0.
        votes[start : start + len(rows)] = np.take_along_axis(scores, side.astype(np.int64), axis=2)[:, :, 0]
    if missing is not None:
        votes[missing] = np.nan
    return votes


def _check_enough(skip: NDArray[np.bool_], folds: Folds) -> None:
    usable = int((~skip).sum())
    units = len(np.unique(folds.units[~skip]))
    if usable < MIN_PAIRS or units < MIN_UNITS:
        needed = f"Strength needs {MIN_PAIRS} pairs of {MIN_UNITS} different prompts"
        raise TooFewPairs(f"{needed}; there are {usable} of {units}.")
