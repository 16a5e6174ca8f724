"""The language a text is in, by its letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

# Fewer letters say little about a language.
MIN_LETTERS = 12
# A longer text is judged by its beginning.
MAX_CHARACTERS = 1000
# Texts that are read side by side: enough for a step to be worth its call, few enough to hold.
AT_ONCE = 1024
BYTE = 256


def languages_of(texts: Sequence[str]) -> list[str | None]:
    """The two letters of ISO 639-1 for each text, by langid's classifier (Lui and Baldwin 2012,
    ``langid.py``); None for a text with fewer than 12 letters."""
    parts = [text[:MAX_CHARACTERS] for text in texts]
    told = sorted({part for part in parts if _has_letters(part)}, key=len)
    found: dict[str, str] = {}
    for start in range(0, len(told), AT_ONCE):
        some = told[start : start + AT_ONCE]
        found |= zip(some, _model().classify(some), strict=True)
    return [found.get(part) for part in parts]


def _has_letters(text: str) -> bool:
    return len(list(islice(filter(str.isalpha, text), MIN_LETTERS))) == MIN_LETTERS


@dataclass(frozen=True, slots=True)
class _Model:
    """langid's automaton over bytes and its naive Bayes classes. From state s, byte b leads to
    ``moves[rows[s] + b]``; a state that ends a feature has it in ``features``, others -1. ``table``
    (features, classes), ``prior`` (classes,): logarithms."""

    moves: NDArray[Any]
    rows: NDArray[np.int64]
    features: NDArray[np.int64]
    table: NDArray[Any]
    prior: NDArray[np.float32]
    classes: tuple[str, ...]

    def classify(self, texts: Sequence[str]) -> list[str]:
        """What py3langid's own ``classify`` says of each, for many texts side by side. It reads them one byte
        after the other in Python, and takes milliseconds for each."""
        rows, features, counts = self._counted([_bytes_of(text) for text in texts])
        used, columns = np.unique(features, return_inverse=True)
        weights = np.log1p(counts.astype(np.float32))
        sparse = csr_array((weights, (rows, columns)), shape=(len(texts), len(used)))
        scores = sparse @ self.table[used].astype(np.float32) + self.prior
        # Where nothing is known of the letters, not even the frequency of languages counts.
        scores[np.bincount(rows, minlength=len(texts)) == 0] = 0
        # A class that stands there twice counts once: the first of equal highest ones has the name anyway.
        return [self.classes[place] for place in np.argmax(scores, axis=1)]

    def _counted(self, texts: Sequence[bytes]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Each text's features and how often it has them, as (text, feature, count) sorted by text."""
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        lengths = np.array([len(texts[place]) for place in order])
        letters = np.zeros((len(texts), int(lengths[0])), dtype=np.uint8)
        for row, place in enumerate(order):
            letters[row, : lengths[row]] = np.frombuffer(texts[place], dtype=np.uint8)
        numbers, state = np.array(order), np.zeros(len(texts), dtype=np.int64)
        seen = []
        for step, column in enumerate(np.ascontiguousarray(letters.T)):
            # The texts are sorted by length: those that go on stand first.
            going = int(np.searchsorted(-lengths, -step))
            state = self.moves[self.rows[state[:going]] + column[:going]].astype(np.int64)
            found = self.features[state]
            hits = np.flatnonzero(found >= 0)
            seen.append(numbers[hits] * len(self.table) + found[hits])
        keys, counts = np.unique(np.concatenate(seen), return_counts=True)
        return keys // len(self.table), keys % len(self.table), counts


@cache
def _model() -> _Model:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    read = LanguageIdentifier.from_model_file(MODEL_FILE)
    return _Model(
        moves=np.asarray(read.tk_nextmove),
        rows=np.asarray(read.tk_row, dtype=np.int64) * BYTE,
        features=np.asarray(read.tk_output, dtype=np.int64),
        table=read.nb_ptc,
        prior=np.asarray(read.nb_pc, dtype=np.float32),
        classes=tuple(read.nb_classes),
    )


def _bytes_of(text: str) -> bytes:
    """As langid encodes: capitals alone are read as small letters, accents as one with theirs."""
    lowered = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", lowered).encode("utf8", errors="surrogatepass")
