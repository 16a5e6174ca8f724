"""From scores of several responses to pairs: the named strategies, each seeded where it draws.

HF's Zephyr took the best by overall score against a random other, Notus and Tülu 3 the mean of the aspects;
others take best against worst, or every pair; "question" takes every pair that a settled ranking, rating
or level tells apart. They differ silently, so each has a name here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

STRATEGIES = (
    "overall_max_vs_random",
    "mean_aspects_max_vs_random",
    "max_vs_min",
    "aspect",
    "weighted",
    "priority",
    "all_pairs",
    "question",
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """``items[p]``: the row a pair comes from; ``chosen[p]``, ``rejected[p]``: places of its responses;
    ``margins[p]``: by how much the chosen one scores higher, above 0."""

    items: Places
    chosen: Places
    rejected: Places
    margins: Numbers


def combined(
    ratings: Mapping[str, Numbers],
    strategy: str,
    *,
    overall: str = "overall",
    aspect: str = "",
    weights: Mapping[str, float] | None = None,
) -> Numbers:
    """One score per response, shape (N, k), NaN where there is none.

    A response lacking an aspect has the mean of those it has; a weighted sum needs all of its aspects.
    Raises KeyError with the name of an attribute that nobody rated.
    """
    if strategy == "overall_max_vs_random":
        return ratings[overall]
    if strategy == "aspect":
        return ratings[aspect]
    if strategy == "weighted":
        return sum(
            (ratings[name] * weight for name, weight in (weights or {}).items()),
            np.zeros_like(next(iter(ratings.values()))),
        )
    aspects = [values for name, values in sorted(ratings.items()) if name != overall] or [ratings[overall]]
    stacked = np.stack(aspects)
    rated = np.isfinite(stacked)
    counts = rated.sum(axis=0)
    return np.where(counts > 0, np.where(rated, stacked, 0).sum(axis=0) / np.maximum(counts, 1), np.nan)


def max_vs_random(scores: Numbers, draws: NDArray[np.uint64]) -> Pairs:
    """The best against one drawn among those that score strictly lower; of equal bests the first.

    ``draws``: one number per row, shape (N,), from which the other is drawn.
    """
    best, lower = _best(scores), _lower_than_best(scores)
    counts = lower.sum(axis=1)
    rows = np.flatnonzero(counts)
    wanted = (draws[rows] % counts[rows].astype(np.uint64)).astype(np.int64)
    nth = np.cumsum(lower[rows], axis=1) - 1
    other = np.argmax(lower[rows] & (nth == wanted[:, None]), axis=1)
    return _pairs(scores, rows, best[rows], other)


def max_vs_min(scores: Numbers) -> Pairs:
    """The best against the worst; the first of equals. Rows where all score alike give none."""
    rows = np.flatnonzero(_lower_than_best(scores).any(axis=1))
    worst = np.argmin(np.where(np.isfinite(scores), scores, np.inf), axis=1)
    return _pairs(scores, rows, _best(scores)[rows], worst[rows])


def all_pairs(scores: Numbers) -> Pairs:
    """Every two responses that do not score alike."""
    found = [
        (row, high, low)
        for row, high, low in zip(*np.nonzero(scores[:, :, None] > scores[:, None, :]), strict=True)
    ]
    rows, chosen, rejected = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return _pairs(scores, rows, chosen, rejected)


def by_priority(
    ratings: Mapping[str, Numbers], order: Sequence[str], gaps: Mapping[str, float] | None = None
) -> Pairs:
    """All pairs by the first attribute in ``order`` that differs by more than its gap (0 unless given);
    pairs that none tells apart are left out (HERON, Yang et al., arXiv 2309.02632)."""
    first = ratings[order[0]]
    n, k = first.shape
    decided = np.zeros((n, k, k))
    for name in order:
        apart = ratings[name][:, :, None] - ratings[name][:, None, :]
        apart = np.where(np.abs(apart) > (gaps or {}).get(name, 0.0), apart, 0.0)
        decided = np.where(decided == 0, np.nan_to_num(apart), decided)
    rows, chosen, rejected = (axis.astype(np.int64) for axis in np.nonzero(decided > 0))
    return Pairs(rows, chosen, rejected, decided[rows, chosen, rejected])


def threshold_labels(scores: Numbers, least: float) -> NDArray[np.int8]:
    """1 for a score from ``least`` up, 0 below, −1 where there is none: labels for unpaired training."""
    return np.where(np.isfinite(scores), scores >= least, -1).astype(np.int8)


def _best(scores: Numbers) -> Places:
    best: Places = np.argmax(np.where(np.isfinite(scores), scores, -np.inf), axis=1)
    return best


def _lower_than_best(scores: Numbers) -> NDArray[np.bool_]:
    finite = np.where(np.isfinite(scores), scores, -np.inf)
    lower: NDArray[np.bool_] = np.isfinite(scores) & (scores < finite.max(axis=1, keepdims=True))
    return lower


def _pairs(scores: Numbers, rows: Places, chosen: Places, rejected: Places) -> Pairs:
    return Pairs(rows.astype(np.int64), chosen, rejected, scores[rows, chosen] - scores[rows, rejected])
