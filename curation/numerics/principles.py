"""One judge, several principles: each is asked about by itself, in both orders, and votes.

After SALMON (Sun et al. 2024, arXiv 2310.05910, §3.2): a principle whose two orders name different sides has
no say. Deciding by the dominant principle needs the spread of each principle's scores over the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite


def principle_score(forward: float, backward: float) -> float:
    """Score of one principle for the first candidate, as a logit.

    ``forward``: logit that the first candidate wins, first candidate shown first. ``backward``: the same
    logit with the second candidate shown first. Both of one sign: their mean; else 0. Raises ValueError
    for what is not finite.
    """
    if not (isfinite(forward) and isfinite(backward)):
        raise ValueError("A principle's logits must be finite.")
    return (forward + backward) / 2 if forward * backward > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Dominant:
    """``place``: which principle decides, ``scores``: all of them, each over its variance. A score above 0
    favours the first candidate."""

    place: int
    scores: tuple[float, ...]


def dominant_principle(
    scores: Sequence[float], variances: Sequence[float], negative: Sequence[bool] | None = None
) -> Dominant:
    """The principle with the largest score in size, each divided by its variance over the data.

    ``negative``: principles that say what is bad; their sign is turned. Raises ValueError without principles,
    or for a variance that is not above 0.
    """
    if not scores or any(not variance > 0 for variance in variances):
        raise ValueError("Each principle needs a variance above 0.")
    signs = [-1.0 if bad else 1.0 for bad in (negative or [False] * len(scores))]
    scaled = tuple(
        sign * score / variance for sign, score, variance in zip(signs, scores, variances, strict=True)
    )
    return Dominant(max(range(len(scaled)), key=lambda place: abs(scaled[place])), scaled)
