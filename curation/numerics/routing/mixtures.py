"""Candidate mixtures of human and model labels, drawn tag by tag (arXiv 2410.19133, algorithm 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.schema import Tags

Masks = NDArray[np.bool_]


def draw_mixtures(tags: Tags, *, count: int, seed: int, budgets: Sequence[int] | int | None = None) -> Masks:
    """Draw ``count`` sets of pairs for people: bool of shape (count, n).

    Each set has a budget b (given, or uniform on 1..n), takes the tags in a random order and of each tag its
    pairs in a random order until it holds b of them. Here in one sort: a pair's place is that of its first
    tag. Pairs without a tag come last, so that a set always holds exactly b. The same seed, the same sets.
    Raises ValueError for a budget outside 0..n.
    """
    n, width = tags.shape
    rng = np.random.default_rng(seed)
    sizes = _sizes(budgets, count, n, rng)
    rows, columns = np.nonzero(tags)
    tagged, starts = np.unique(rows, return_index=True)
    chosen = np.zeros((count, n), dtype=np.bool_)
    for place, size in enumerate(sizes):
        ranks = rng.permutation(width)
        key = rng.random(n) + width
        if len(tagged):
            key[tagged] += np.minimum.reduceat(ranks[columns], starts) - width
        if size:
            chosen[place, np.argpartition(key, size - 1)[:size]] = True
    return chosen


def count_tags(masks: Masks, tags: Tags) -> NDArray[np.float64]:
    """V = H·B, shape (C, T): how many of each set's pairs carry each tag."""
    return np.asarray(masks.astype(np.float32) @ tags.astype(np.float32), dtype=np.float64)


def mixed_labels(masks: Masks, human: NDArray[np.int8], model: NDArray[np.int8]) -> NDArray[np.int8]:
    """Labels of every mixture, (C, n): the person's inside the set and the model's elsewhere; 0 is a tie."""
    return np.where(masks, human[None, :], model[None, :])


def _sizes(
    budgets: Sequence[int] | int | None, count: int, n: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    if budgets is None:
        return rng.integers(1, n + 1, size=count) if n else np.zeros(count, dtype=np.int64)
    sizes = np.broadcast_to(np.asarray(budgets, dtype=np.int64), (count,))
    if sizes.size and (sizes.min() < 0 or sizes.max() > n):
        raise ValueError(f"A budget must lie between 0 and {n} pairs.")
    return sizes
