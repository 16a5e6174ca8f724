"""Near-duplicate texts: MinHash and banding find candidates, true Jaccard decides, union-find joins.

Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", §3.4. Texts are compared in lower case and Unicode form NFKC by the
sets of their 5-word shingles; texts of fewer than 5 words are alike only when they are equal.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.numerics.recipes.shingles import (
    Hashes,
    Texts,
    WordHasher,
    as_arrow,
    hashed_batches,
    ngrams,
    whole_texts,
)

WORDS = 5
PERMUTATIONS = 128
Labels = NDArray[np.int64]


def near_duplicate_clusters(texts: Texts, *, threshold: float = 0.8) -> Labels:
    """A label for each text, shape (N,): the smallest place in its cluster.

    Equal texts (after normalising) are joined first. Deterministic: neither processes nor the order in
    which words are met change the hashes.
    """
    exact = exact_labels(texts)
    pairs = candidates(texts, threshold=threshold)
    alike = verified(texts, pairs, threshold=threshold)
    links = np.concatenate([np.stack([np.arange(len(exact)), exact], axis=1), alike])
    return union_find(len(exact), links)


def jaccard(one: Hashes, other: Hashes) -> float:
    """Share of common members of two sets, given as arrays of unique values; 1 for two empty ones."""
    if not len(one) and not len(other):
        return 1.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def exact_labels(texts: Texts) -> Labels:
    """For each text the place of the first that has the same words in the same order."""
    found = [whole_texts(words, offsets) for _start, words, offsets in hashed_batches(texts, WordHasher())]
    hashes = np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)
    _values, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def candidates(texts: Texts, *, threshold: float) -> Labels:
    """Pairs of places that share a band of their signatures, shape (P, 2), the smaller first, unique."""
    bands, rows = banding(threshold)
    places, keys = [], []
    for start, words, ends in hashed_batches(texts, WordHasher(), size=1024):
        grams, offsets = ngrams(words, ends, WORDS)
        filled = np.flatnonzero(np.diff(offsets))
        places.append(start + filled)
        keys.append(band_keys(signatures(grams, offsets[filled]), bands, rows))
    if not places:
        return np.zeros((0, 2), dtype=np.int64)
    where, keyed = np.concatenate(places), np.concatenate(keys)
    found = [_same_key(where, keyed[:, band]) for band in range(bands)]
    return np.unique(np.concatenate(found), axis=0)


def signatures(grams: Hashes, starts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """MinHash signatures, shape (len(starts), PERMUTATIONS), of the runs of ``grams`` that begin at
    ``starts``; every run has one gram at least. Multiply-shift hashing with odd multipliers."""
    found = np.empty((len(starts), PERMUTATIONS), dtype=np.uint32)
    for place, (factor, shift) in enumerate(_multipliers()):
        hashed = ((grams * factor + shift) >> np.uint64(32)).astype(np.uint32)
        found[:, place] = np.minimum.reduceat(hashed, starts) if len(starts) else 0
    return found


def banding(threshold: float, permutations: int = PERMUTATIONS) -> tuple[int, int]:
    """Bands and rows that make missed and needless candidates together the fewest, weighed as 9 to 1: a
    needless one costs a comparison, a missed one is never seen again."""
    # Takes a second and 50 MiB to load, and most recipes need none of it.
    from scipy.integrate import quad

    best, least = (1, 1), float("inf")
    for bands in range(1, permutations + 1):
        for rows in range(1, permutations // bands + 1):
            needless = quad(lambda s, b=bands, r=rows: 1 - (1 - s**r) ** b, 0, threshold)[0]
            missed = quad(lambda s, b=bands, r=rows: (1 - s**r) ** b, threshold, 1)[0]
            if 0.1 * needless + 0.9 * missed < least:
                best, least = (bands, rows), 0.1 * needless + 0.9 * missed
    return best


def band_keys(signed: NDArray[np.uint32], bands: int, rows: int) -> Hashes:
    """One hash per band, shape (N, bands)."""
    found = np.zeros((len(signed), bands), dtype=np.uint64)
    for row in range(rows):
        found = (found ^ signed[:, row : bands * rows : rows]) * np.uint64(0x9E3779B97F4A7C15)
        found ^= found >> np.uint64(29)
    return found


def verified(texts: Texts, pairs: Labels, *, threshold: float) -> Labels:
    """The candidate pairs whose true Jaccard similarity reaches the threshold."""
    if not len(pairs):
        return pairs
    shingled = shingle_reader(texts, np.unique(pairs))
    keep = [jaccard(shingled(one), shingled(other)) >= threshold for one, other in pairs.tolist()]
    found: Labels = pairs[np.array(keep, dtype=bool)]
    return found


def shingle_reader(texts: Texts, wanted: NDArray[np.int64]) -> Callable[[int], Hashes]:
    """The set of shingles of each text wanted, made at once and kept."""
    taken = as_arrow(texts).take(pa.array(wanted))
    grams, offsets = ngrams(
        *WordHasher()(taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken), WORDS
    )
    sets: dict[int, Hashes] = {}

    def read(place: int) -> Hashes:
        if place not in sets:
            at = int(np.searchsorted(wanted, place))
            sets[place] = np.unique(grams[offsets[at] : offsets[at + 1]])
        return sets[place]

    return read


def union_find(size: int, links: NDArray[np.int64]) -> Labels:
    """Labels of the connected components, shape (size,): the smallest member of each. ``links``: (L, 2)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not size:
        return np.zeros(0, dtype=np.int64)
    graph = coo_array((np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])), shape=(size, size))
    _count, component = connected_components(graph, directed=False)
    _values, first = np.unique(component, return_index=True)
    labels: Labels = first[component].astype(np.int64)
    return labels


def _same_key(where: NDArray[np.int64], keys: Hashes) -> Labels:
    """Each text with the first of its bucket: the rest of a bucket is joined through it, so a bucket of m
    costs m − 1 comparisons and not m². Neighbours are compared as well, for the first may be the odd one."""
    order = np.lexsort((where, keys))
    sorted_keys, sorted_places = keys[order], where[order]
    same = np.flatnonzero(sorted_keys[1:] == sorted_keys[:-1]) + 1
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    begin = starts[np.searchsorted(starts, same, side="right") - 1]
    first = np.stack([sorted_places[begin], sorted_places[same]], axis=1)
    before = np.stack([sorted_places[same - 1], sorted_places[same]], axis=1)
    return np.concatenate([first, before])


def _multipliers() -> list[tuple[np.uint64, np.uint64]]:
    drawn = np.random.default_rng(20240914).integers(0, 2**63, size=(PERMUTATIONS, 2), dtype=np.uint64)
    return [(np.uint64(2 * int(one) + 1), np.uint64(int(two))) for one, two in drawn]
