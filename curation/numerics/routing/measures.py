"""What the texts of a pair say about it: lengths, likeness, and how they lean towards one side."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_WORD = re.compile(r"[^\W_]+")
# Names and numbers: runs of capitalised words that do not open a sentence, and anything with a digit.
_ENTITY = re.compile(r"(?<![.!?:\n]\s)(?<!^)(?:\b[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*)|\b\d[\d.,:]*\b")


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """n rows each. The first eight are the same when the sides of a pair are exchanged; the leans change
    their sign, and are positive where the second response has more.

    ``longer``, ``shorter``, ``gap``, ``prompt``: words. ``rouge1``, ``entities``: 0..1. ``length_ratio``:
    exp(1 − longer / shorter), 0 where one is empty. ``repetition``: the larger share of repeated words.
    ``lean_length``: difference of log(1 + words). ``lean_repetition``: difference of those shares.
    """

    longer: Floats
    shorter: Floats
    gap: Floats
    prompt: Floats
    rouge1: Floats
    entities: Floats
    length_ratio: Floats
    repetition: Floats
    lean_length: Floats
    lean_repetition: Floats


def measure_pairs(prompts: Sequence[str], firsts: Sequence[str], seconds: Sequence[str]) -> PairMeasures:
    """Measure n pairs of texts. An empty response is alike to nothing, not even to another empty one."""
    rows = np.array(
        [
            _measure(prompt, first, second)
            for prompt, first, second in zip(prompts, firsts, seconds, strict=True)
        ],
        dtype=np.float64,
    ).reshape(-1, 10)
    return PairMeasures(*(rows[:, column] for column in range(10)))


def _measure(prompt: str, first: str, second: str) -> tuple[float, ...]:
    words = _words(first), _words(second)
    lengths = len(words[0]), len(words[1])
    longer, shorter = max(lengths), min(lengths)
    repeated = _repetition(words[0]), _repetition(words[1])
    return (
        longer,
        shorter,
        longer - shorter,
        len(_words(prompt)),
        rouge1(words[0], words[1]),
        entity_overlap(first, second),
        math.exp(1 - longer / shorter) if shorter else 0.0,
        max(repeated),
        math.log1p(lengths[1]) - math.log1p(lengths[0]),
        repeated[1] - repeated[0],
    )


def rouge1(first: Sequence[str], second: Sequence[str]) -> float:
    """ROUGE-1 F of two lists of words (Lin 2004), without a stemmer; 0 where one is empty."""
    if not first or not second:
        return 0.0
    shared = sum((Counter(first) & Counter(second)).values())
    return 2 * shared / (len(first) + len(second))


def entity_overlap(first: str, second: str) -> float:
    """Jaccard overlap of capitalised names and numbers; 1 where neither names any, 0 beside an empty text.

    The union is |A ∪ B|, so that the sides can be exchanged.
    """
    if not first.strip() or not second.strip():
        return 0.0
    one, other = ({found.lower() for found in _ENTITY.findall(text)} for text in (first, second))
    return len(one & other) / len(one | other) if one | other else 1.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _repetition(words: Sequence[str]) -> float:
    return 1 - len(set(words)) / len(words) if words else 0.0
