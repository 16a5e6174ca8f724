"""How alike two responses are: by length, by edits and by embedding."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class LengthGap:
    """How much longer the second text is than the first; negative when it is shorter.

    ``characters`` are Unicode code points, ``words`` are runs of anything but white space.
    """

    characters: int
    words: int


def length_gap(first: str, second: str) -> LengthGap:
    return LengthGap(characters=len(second) - len(first), words=len(second.split()) - len(first.split()))


def edit_similarity(first: str | Sequence[Hashable], second: str | Sequence[Hashable]) -> float:
    """1 − Levenshtein distance / length of the longer one: 1 for equal, 0 for nothing in common.

    Takes two texts (by code point) or two sequences of token ids (as the second measure that arXiv 2410.08847
    compares CHES with). Two empty ones are equal. Levenshtein, Soviet Physics Doklady 10 (1966).
    """
    return float(Levenshtein.normalized_similarity(first, second))


def cosine(first: ArrayLike, second: ArrayLike) -> float:
    """Cosine of two vectors of shape (D,), within −1..1; NaN where one has no direction or is not finite."""
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    if not np.isfinite(size) or size == 0.0:
        return float("nan")
    return float(np.clip(one @ other / size, -1.0, 1.0))
