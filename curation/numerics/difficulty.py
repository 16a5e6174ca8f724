"""How hard a pair is for preference training to put right, from the reference model's log-probabilities.

Chen et al., "Preference Learning Algorithms Do Not Learn Preference Rankings" (arXiv 2405.19534), theorem 3.1
and 4.1. With the reference's log-ratio

    c = log π_ref(rejected | x) − log π_ref(chosen | x)

a policy trained by DPO ranks the pair rightly exactly when its loss on it is at most −log σ(β c): the
further the reference leans to the rejected side, the smaller the loss that is needed. A policy that minimises
the loss where a share α of people prefers the chosen side has

    log π*(chosen) − log π*(rejected) = −c + logit(α) / β

so it ranks the pair rightly only while c < logit(α) / β.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Column: TypeAlias = NDArray[np.float64]

EASY, FLIPPABLE, HARD = "easy", "flippable", "hard"
BETA = 0.1
# A pair that everybody agrees on still has an α below 1, or no policy would ever be far enough.
EPSILON = 1e-3


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Of N pairs, each of shape (N,): ``needed_loss`` in nats; ``kinds``: "easy" where the reference has the
    order right already (c < 0), "flippable" while the ideal policy turns it (c < logit(α) / β), else "hard",
    and "" where c is missing. ``accuracy``: the share of pairs that the reference ranks rightly (c ≤ 0), NaN
    without a pair."""

    needed_loss: Column
    kinds: NDArray[np.str_]
    accuracy: float


def log_ratio(chosen: ArrayLike, rejected: ArrayLike) -> Column:
    """c of N pairs from the log-probabilities of the two sides; NaN where one is missing."""
    chosen, rejected = _numbers(chosen), _numbers(rejected)
    with np.errstate(invalid="ignore"):
        ratio = rejected - chosen
    return np.where(np.isfinite(ratio), ratio, np.nan)


def needed_dpo_loss(c: ArrayLike, *, beta: float = BETA) -> Column:
    """The largest DPO loss at which a pair is ranked rightly: −log σ(β c), in nats. NaN where c is."""
    with np.errstate(invalid="ignore"):
        return np.logaddexp(0.0, -_check_beta(beta) * _numbers(c))


def reach(share: ArrayLike = 1.0, *, beta: float = BETA, epsilon: float = EPSILON) -> Column:
    """The largest c that the ideal policy still turns: logit(α) / β, α = ``share`` within ε and 1 − ε."""
    share = np.clip(_numbers(share), epsilon, 1 - epsilon)
    odds: Column = np.log(share) - np.log1p(-share)
    return odds / _check_beta(beta)


def ipo_turns(c: ArrayLike, *, tau: float) -> NDArray[np.bool_]:
    """Whether the policy that minimises IPO's loss ranks each pair rightly: 1 / (2 τ) > c."""
    return 1 / (2 * _check_beta(tau)) > _numbers(c)


def difficulty(c: ArrayLike, *, share: ArrayLike = 1.0, beta: float = BETA) -> Difficulty:
    """Read N log-ratios. ``share``: of people for the chosen side, one number or N of them.

    Raises ValueError where ``beta`` is not above zero.
    """
    c = np.atleast_1d(_numbers(c))
    known = np.isfinite(c)
    kinds = np.where(c < 0, EASY, np.where(c < reach(share, beta=beta), FLIPPABLE, HARD))
    accuracy = float((c[known] <= 0).mean()) if known.any() else float("nan")
    return Difficulty(needed_dpo_loss(c, beta=beta), np.where(known, kinds, ""), accuracy)


def _numbers(values: ArrayLike) -> Column:
    return np.asarray(values, dtype=np.float64)


def _check_beta(beta: float) -> float:
    if not beta > 0:
        raise ValueError("The strength of the penalty must be above zero.")
    return beta
