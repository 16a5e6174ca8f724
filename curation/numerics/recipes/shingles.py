"""Words and their n-grams as 64-bit hashes, the same in every process and on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]
Texts: TypeAlias = pa.Array | pa.ChunkedArray | Sequence[str]

# Where words end: at white space, and for decontamination at some marks besides. All of them are ASCII, so
# that bytes of UTF-8 may be looked at one by one.
SPACES = b" \t\n\r\f\v"
MARKS = b' ,.?!:;()"-\n\r\t\\'
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0xD1342543DE82EF95
_INVERSE = pow(_BASE, -1, 2**64)


def stable_hashes(texts: Iterable[str]) -> Hashes:
    """One 64-bit hash per text, by BLAKE2b."""
    read = hashlib.blake2b
    raw = b"".join(read(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(raw, dtype="<u8").astype(np.uint64)


@dataclass(slots=True)
class WordHasher:
    """Splits texts, in lower case and Unicode form NFKC, and hashes every word; none becomes a Python string.

    A word's hash is a polynomial of its bytes modulo 2⁶⁴, found as a difference of running sums, and mixed.
    """

    marks: bytes = SPACES
    _powers: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    _inverses: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def __call__(self, texts: pa.Array) -> tuple[Hashes, Offsets]:
        """The words of all texts one after the other, and where each text's begin: shapes (W,), (N + 1,)."""
        plain = pc.utf8_lower(pc.utf8_normalize(pc.fill_null(texts.cast(pa.large_string()), ""), form="NFKC"))
        if not len(plain):
            return np.zeros(0, dtype=np.uint64), np.zeros(1, dtype=np.int64)
        raw = plain.buffers()
        bounds = np.frombuffer(raw[1], dtype=np.int64)[plain.offset : plain.offset + len(plain) + 1]
        data = np.frombuffer(raw[2] or b"", dtype=np.uint8)[bounds[0] : bounds[-1]]
        bounds = bounds - bounds[0]
        starts, ends = self._words(data, bounds)
        hashes = self.runs(data.astype(np.uint64) + np.uint64(1), starts, ends)
        return hashes, np.searchsorted(starts, bounds).astype(np.int64)

    def _words(self, data: NDArray[np.uint8], bounds: Offsets) -> tuple[Offsets, Offsets]:
        inside = np.ones(256, dtype=bool)
        inside[np.frombuffer(self.marks, dtype=np.uint8)] = False
        # One place more at the end, where no word is; a text begins a word of its own.
        filled = np.append(inside[data], False)
        begins = filled.copy()
        begins[1:] &= ~filled[:-1]
        begins[bounds] |= filled[bounds]
        ends = np.zeros(len(filled), dtype=bool)
        ends[1:] = filled[:-1] & (~filled[1:] | begins[1:])
        return np.flatnonzero(begins), np.flatnonzero(ends)

    def runs(self, values: Hashes, starts: Offsets, ends: Offsets) -> Hashes:
        """One hash for each run ``values[start:end]``; equal where the runs are."""
        self._grow(len(values) + 1)
        sums = np.concatenate([[np.uint64(0)], np.cumsum(values * self._powers[: len(values)])])
        found = (sums[ends] - sums[starts]) * self._inverses[starts]
        return mixed(found ^ ((ends - starts).astype(np.uint64) * _FACTOR))

    def _grow(self, size: int) -> None:
        if size > len(self._powers):
            size = 1 << (size - 1).bit_length()
            self._powers, self._inverses = _powers_of(_BASE, size), _powers_of(_INVERSE, size)


def mixed(hashes: Hashes) -> Hashes:
    """Every bit of the input moves every bit of the output (the finalizer of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(31))


def whole_texts(words: Hashes, offsets: Offsets) -> Hashes:
    """One hash per text, equal where the words and their order are."""
    return WordHasher().runs(words, offsets[:-1], offsets[1:])


def _powers_of(base: int, size: int) -> Hashes:
    found = np.ones(size, dtype=np.uint64)
    found[1:] = np.uint64(base)
    return np.multiply.accumulate(found)


def ngrams(words: Hashes, offsets: Offsets, n: int) -> tuple[Hashes, Offsets]:
    """Hashes of all n-grams within each text, in order; a text of fewer than n words has none."""
    counts = np.maximum(np.diff(offsets) - n + 1, 0)
    ends = np.concatenate([[0], np.cumsum(counts)])
    starts = np.repeat(offsets[:-1] - ends[:-1], counts) + np.arange(ends[-1])
    grams = np.zeros(len(starts), dtype=np.uint64)
    for place in range(n):
        grams = (grams ^ words[starts + place]) * _FACTOR
        grams ^= grams >> np.uint64(29)
    return grams, ends


def as_arrow(texts: Texts) -> pa.Array | pa.ChunkedArray:
    return (
        texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(list(texts), pa.large_string())
    )


def batches(texts: Texts, size: int = 4096) -> Iterator[tuple[int, pa.Array]]:
    """Pieces of a column with the place where each begins."""
    start, texts = 0, as_arrow(texts)
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    for chunk in chunks:
        for place in range(0, len(chunk), size):
            yield start + place, chunk.slice(place, size)
        start += len(chunk)


def hashed_batches(
    texts: Texts, hasher: WordHasher, *, size: int = 4096
) -> Iterator[tuple[int, Hashes, Offsets]]:
    """The words of a column's texts, piece by piece, with the place where each piece begins."""
    for start, piece in batches(texts, size):
        words, offsets = hasher(piece)
        yield start, words, offsets
