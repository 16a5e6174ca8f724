"""Position debiasing of a model judge that was asked in both orders.

If a judge's taste for the place where a response stands adds a constant to its logit, then half the
difference of the two logits is free of it, whatever the constant; the mean of the two probabilities is not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Literal

# Probabilities are clipped here, so that a judge which is certain both ways does not give infinities.
CLIP = 1e-4

# |p − ½| below this is a tie; a project may set its own, so that the judge ties as often as its people do.
TIE_BAND = 0.05

# Where the probability of the better side passes these, the strength grows from 1 to 2 and from 2 to 3.
CUT_POINTS = (0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Debiased:
    """``p_first``: probability that the first candidate is better, free of position bias. ``bias``: the
    logit the place shown first gains, positive where it is favoured. ``flipped``: the two orders named
    different winners.
    """

    p_first: float
    bias: float
    flipped: bool


def debias(p_ab: float, p_ba: float) -> Debiased:
    """Combine both orders of one pair.

    ``p_ab``: probability that the response *shown* first wins, with the first candidate shown first.
    ``p_ba``: the same with the second candidate shown first. With L the logit::

        L(p) = (L(p_ab) − L(p_ba)) / 2        bias = (L(p_ab) + L(p_ba)) / 2

    Raises ValueError when either is not a probability.
    """
    forward, backward = _logit(p_ab), _logit(p_ba)
    return Debiased(
        p_first=1.0 / (1.0 + exp((backward - forward) / 2)),
        bias=(forward + backward) / 2,
        flipped=(p_ab - 0.5) * (p_ba - 0.5) > 0,
    )


def preference_from(p_first: float, *, tie_band: float = TIE_BAND) -> int | Literal["tie"]:
    """The answer a judge of this probability gives: −3..3 without 0, negative for the first candidate, or
    "tie".

    With q the probability of the better side: "tie" while q − ½ < ``tie_band``, then strength 1 below 0.7,
    2 below 0.9, 3 from there on. Raises ValueError when ``p_first`` is not a probability.
    """
    _check(p_first)
    # Rounding first makes the two directions of one pair meet the same cut points.
    better = round(max(p_first, 1.0 - p_first), 12)
    if round(better - 0.5, 12) < tie_band or better == 0.5:
        return "tie"
    strength = 1 + bisect_right(CUT_POINTS, better)
    return -strength if p_first > 0.5 else strength


def ranking_from(
    chances: Mapping[tuple[int, int], float], *, tie_band: float = TIE_BAND, ties: bool = True
) -> list[list[int]]:
    """Groups from best to worst, from the probability that the first of each pair is the better one.

    By Copeland's count: a pair won is 1, a tie ½. Equal counts are a tie, so pairs that go round in a circle
    are one group; without ``ties`` the sum of the logits decides among them, then the position.
    """
    wins: dict[int, float] = defaultdict(float)
    strength: dict[int, float] = defaultdict(float)
    for (one, other), chance in chances.items():
        verdict = preference_from(chance, tie_band=tie_band)
        share = 0.5 if verdict == "tie" else float(verdict < 0)
        wins[one] += share
        wins[other] += 1 - share
        strength[one] += _logit(chance)
        strength[other] -= _logit(chance)
    if not ties:
        return [[one] for one in sorted(wins, key=lambda one: (-wins[one], -strength[one], one))]
    counts = sorted(set(wins.values()), reverse=True)
    return [sorted(one for one in wins if wins[one] == count) for count in counts]


def _logit(probability: float) -> float:
    _check(probability)
    clipped = min(max(probability, CLIP), 1.0 - CLIP)
    return log(clipped / (1.0 - clipped))


def _check(probability: float) -> None:
    if not isfinite(probability) or not 0.0 <= probability <= 1.0:
        raise ValueError(f"A probability lies between 0 and 1; {probability!r} does not.")
