"""Which prompts of the training set stand, in part, in an evaluation set: shared 8-grams.

The rule of Tülu 3 (Lambert et al., arXiv 2411.15124, §3.2): a token of a test instance matches a training
text where it lies inside an n-gram that both have; the instance is hit by the text when more than half of
its tokens match. Test instances shorter than n tokens are hit by equal texts only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.numerics.recipes.shingles import (
    MARKS,
    Hashes,
    Offsets,
    Texts,
    WordHasher,
    as_arrow,
    hashed_batches,
    ngrams,
    whole_texts,
)

N = 8
_TABLE = np.uint64(2**24 - 1)


@dataclass(frozen=True, slots=True)
class Overlap:
    """``shares``: for each training text its largest share over the test instances, shape (N,).
    ``best``: for each test instance its largest share over the training texts, shape (T,)."""

    shares: NDArray[np.float32]
    best: NDArray[np.float32]

    def hits(self, threshold: float = 0.5) -> int:
        """Test instances hit by some training text."""
        return int((self.best > threshold).sum())


def decontaminate(texts: Texts, tests: Texts, *, n: int = N) -> Overlap:
    """Compare every training text with every test instance, through an index of the instances' n-grams."""
    index = InstanceIndex.of(as_arrow(tests), n)
    shares = np.zeros(len(texts), dtype=np.float32)
    best = np.zeros(len(index.sizes), dtype=np.float32)
    for start, words, offsets in hashed_batches(texts, WordHasher(MARKS)):
        index.compare(words, offsets, shares[start : start + len(offsets) - 1], best)
    return Overlap(shares, best)


@dataclass(frozen=True, slots=True)
class InstanceIndex:
    """N-grams of the test instances, sorted: ``grams[k]`` stands in ``owners[k]`` from token ``at[k]`` on.
    ``short``: whole instances below n tokens, sorted, of ``short_owners``. ``seen``: last bits that occur."""

    n: int
    grams: Hashes
    owners: NDArray[np.int64]
    at: NDArray[np.int64]
    sizes: NDArray[np.int64]
    short: Hashes
    short_owners: NDArray[np.int64]
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, tests: pa.Array | pa.ChunkedArray, n: int) -> InstanceIndex:
        words, offsets = WordHasher(MARKS)(tests)
        grams, ends = ngrams(words, offsets, n)
        owners = np.repeat(np.arange(len(tests)), np.diff(ends))
        at = np.arange(len(grams)) - np.repeat(ends[:-1], np.diff(ends))
        order = np.argsort(grams, kind="stable")
        sizes = np.diff(offsets)
        small = np.flatnonzero((sizes < n) & (sizes > 0))
        short = whole_texts(words, offsets)[small]
        by_hash = np.argsort(short, kind="stable")
        seen = np.zeros(int(_TABLE) + 1, dtype=bool)
        seen[grams & _TABLE] = True
        return cls(n, grams[order], owners[order], at[order], sizes, short[by_hash], small[by_hash], seen)

    def compare(
        self, words: Hashes, offsets: Offsets, shares: NDArray[np.float32], best: NDArray[np.float32]
    ) -> None:
        """Raise ``shares`` of these texts and ``best`` of the instances to what they have in common."""
        grams, ends = ngrams(words, offsets, self.n)
        # Most n-grams stand in no instance: one look into a small table spares them the search.
        there = np.flatnonzero(self.seen[grams & _TABLE])
        low = np.searchsorted(self.grams, grams[there], side="left")
        there = there[self.grams[np.minimum(low, len(self.grams) - 1)] == grams[there]]
        if len(there):
            texts = np.searchsorted(ends, there, side="right") - 1
            self._cover(grams[there], texts, shares, best)
        if len(self.short):
            self._equal(words, offsets, shares, best)

    def _cover(
        self,
        grams: Hashes,
        texts: NDArray[np.int64],
        shares: NDArray[np.float32],
        best: NDArray[np.float32],
    ) -> None:
        low = np.searchsorted(self.grams, grams, side="left")
        counts = np.searchsorted(self.grams, grams, side="right") - low
        starts = low - np.concatenate([[0], np.cumsum(counts)[:-1]])
        places = np.repeat(starts, counts) + np.arange(counts.sum())
        key = np.stack([np.repeat(texts, counts), self.owners[places], self.at[places]], axis=1)
        key = np.unique(key, axis=0)  # A gram that a text has twice covers the same tokens once.
        text, owner, at = key.T
        same = (text[1:] == text[:-1]) & (owner[1:] == owner[:-1])
        covered = np.full(len(key), self.n)
        covered[:-1][same] = np.minimum(at[1:] - at[:-1], self.n)[same]
        starts = np.concatenate([[0], np.flatnonzero(~same) + 1])
        share = np.add.reduceat(covered, starts) / self.sizes[owner[starts]]
        np.maximum.at(shares, text[starts], share.astype(np.float32))
        np.maximum.at(best, owner[starts], share.astype(np.float32))

    def _equal(
        self, words: Hashes, offsets: Offsets, shares: NDArray[np.float32], best: NDArray[np.float32]
    ) -> None:
        small = np.flatnonzero((np.diff(offsets) < self.n) & (np.diff(offsets) > 0))
        if not len(small):
            return
        hashes = whole_texts(words, offsets)[small]
        places = np.minimum(np.searchsorted(self.short, hashes), len(self.short) - 1)
        equal = self.short[places] == hashes
        shares[small[equal]] = 1.0
        hit = np.isin(self.short, hashes[equal])
        best[self.short_owners[hit]] = 1.0
