"""What an ensemble of linear heads sees of a pair: the difference of its two responses' features."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 8192
# Where the difference of lengths stands: one column that tells more than any of the others.
LENGTH_COLUMNS = (-1,)


def pair_differences(
    vectors: NDArray[np.floating],
    *,
    prompts: ArrayLike,
    chosen: ArrayLike,
    rejected: ArrayLike,
    words: ArrayLike,
    with_prompt: bool = True,
) -> NDArray[np.float32]:
    """φ = f(x, chosen) − f(x, rejected), float32 (n, D) with f(x, y) = [e(y); e(x) ∘ e(y) · √w; log(1 +
    words)].

    ``vectors``: (t, w) unit embeddings of the distinct texts; ``prompts``, ``chosen`` and ``rejected``: (n,)
    places among them; ``words``: (n, 2) of chosen and rejected, 0 for an empty response, and such a pair
    keeps only the difference of lengths. D = 2w + 1, or w + 1 without the prompt. φ changes its sign
    exactly when the sides are exchanged. A NaN stays a NaN.
    """
    asked, better, worse = (np.asarray(places, dtype=np.int64) for places in (prompts, chosen, rejected))
    counts = np.asarray(words, dtype=np.float64).reshape(len(better), 2)
    width = vectors.shape[1]
    found = np.empty((len(better), width * (2 if with_prompt else 1) + 1), dtype=np.float32)
    for start in range(0, len(better), BLOCK):
        part = slice(start, start + BLOCK)
        gap = vectors[better[part]].astype(np.float32) - vectors[worse[part]].astype(np.float32)
        gap[(counts[part] == 0).any(axis=1)] = 0
        found[part, :width] = gap
        if with_prompt:
            found[part, width : 2 * width] = gap * vectors[asked[part]].astype(np.float32) * np.sqrt(width)
    found[:, -1] = np.log1p(counts[:, 0]) - np.log1p(counts[:, 1])
    return found
