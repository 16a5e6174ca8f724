"""Weights for training on whole lists: LambdaLoss gains as in LiPO, temperatures as in PRO, best of n."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def normalised(scores: ArrayLike) -> Numbers:
    """Scores of one list on 0..1, shape (k,); all 1 where they are equal, NaN where there is none."""
    found = np.asarray(scores, dtype=np.float64)
    low, high = np.nanmin(found), np.nanmax(found)
    return np.ones_like(found) if high == low else (found - low) / (high - low)


def label_ranks(scores: ArrayLike) -> NDArray[np.int64]:
    """1 for the best; equal scores keep their order, so that every rank is given once."""
    found = np.asarray(scores, dtype=np.float64)
    ranks = np.empty(len(found), dtype=np.int64)
    ranks[np.argsort(-found, kind="stable")] = np.arange(1, len(found) + 1)
    return ranks


def gains(psi: ArrayLike) -> Numbers:
    """G = 2^ψ − 1."""
    return np.exp2(np.asarray(psi, dtype=np.float64)) - 1


def lambda_deltas(psi: ArrayLike, ranks: ArrayLike) -> Numbers:
    """Δ_ij = |G_i − G_j| · |1/D(τ_i) − 1/D(τ_j)| with D(τ) = log(1 + τ), shape (k, k), natural logarithm.

    Liu et al., "LiPO: listwise preference optimization", arXiv 2402.01878. In training τ is the rank by
    the model's current score; what is exported with a data set can only know the rank by label.
    """
    gained = gains(psi)
    discount = 1 / np.log1p(np.asarray(ranks, dtype=np.float64))
    return np.abs(gained[:, None] - gained[None, :]) * np.abs(discount[:, None] - discount[None, :])


def pro_temperatures(rewards: ArrayLike) -> Numbers:
    """1/T_ki = r_k − r_i for i > k in the order best first, and 1/T_kk = max_i of them; shape (n, n).

    Song et al., "Preference ranking optimization for human alignment", arXiv 2306.17492. Row k holds zeros
    for i < k. ``rewards`` must descend.
    """
    found = np.asarray(rewards, dtype=np.float64)
    apart = np.triu(found[:, None] - found[None, :], k=1)
    return apart + np.diag(apart.max(axis=1, initial=0.0))


def best_of_n(scores: Sequence[float | None], lengths: Sequence[int]) -> int | None:
    """Place of the highest score; of equal ones the shortest, then the first. None where nothing is scored
    (RAFT, Dong et al., arXiv 2304.06767)."""
    places = [place for place, score in enumerate(scores) if score is not None]
    return min(places, key=lambda place: (-(scores[place] or 0.0), lengths[place], place), default=None)


def step_labels(count: int, first_error: int | None) -> list[bool]:
    """Of ``count`` steps those before the first wrong one (from 0) are True, it and the rest False."""
    return [first_error is None or place < first_error for place in range(count)]


def mean_ranks(rankings: Sequence[Sequence[Sequence[int]]], count: int) -> list[float | None]:
    """Borda score of each candidate over rankings with ties: the mean over judges of how many it beats, a
    tie counting half. None for a candidate that nobody ranked."""
    sums: list[list[float]] = [[] for _ in range(count)]
    for groups in rankings:
        below = sum(map(len, groups))
        for group in groups:
            below -= len(group)
            for position in group:
                if 0 <= position < count:
                    sums[position].append(below + (len(group) - 1) / 2)
    return [sum(values) / len(values) if values else None for values in sums]
