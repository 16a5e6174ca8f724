"""Worths of items that were ranked, whole or in part, with ties: the model of Plackett and Luce.

R. D. Luce, "Individual choice behavior" (1959); R. L. Plackett, "The analysis of permutations", Applied
Statistics 24 (1975). The first of a ranking is drawn among all that were shown by its worth π = exp θ, the
next among the rest:

    P(σ) = Π_k exp θ_σ(k) / Σ_{j ≥ k} exp θ_σ(j)

What was shown and not ranked stays among the rest. A tied group has the mean likelihood of its orders, summed
over subsets. With two items at a time it is the model of Bradley and Terry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import factorial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from curation.numerics.davidson import NotConnected, NotConverged, Worths, centred_inverse, is_connected

Floats = NDArray[np.float64]
Groups: TypeAlias = tuple[tuple[int, ...], ...]
# One tied group, what was shown and stands below it, and how often that was seen.
Stage: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], float]
MOST_TIED = 9
# The slope of the mean log-likelihood at which the search stops, and that it may end with at most.
FLAT, FLAT_ENOUGH = 1e-9, 1e-5


def plackett_luce(
    rankings: Iterable[Sequence[Sequence[int]]],
    count: int,
    *,
    shown: Iterable[Sequence[int]] | None = None,
    pseudo: float = 0.0,
) -> Worths:
    """The most likely worths of ``count`` items.

    ``rankings``: groups of items from best to worst, a group of several being a tie. ``shown``: for each
    ranking the items that were there to be ranked; those named in it where left out. ``pseudo``: wins added
    for every ordered pair. Raises NotConnected where no finite worth is most likely and ``pseudo`` is 0,
    ValueError for an item named twice, not shown, or beyond ``count``, or more than nine that tie.
    """
    stages = _stages(rankings, shown, count)
    connected = is_connected(_above(stages, count))
    if not connected and pseudo <= 0:
        raise NotConnected("Some items were never ranked below the others, or never together with them.")
    seen, added = _table(stages, count), _table([*stages, *_pseudo(count, pseudo)], count)
    scale = sum(n for *_stage, n in stages)
    found = minimize(
        lambda theta: tuple(part / scale for part in _negative(theta, added)),
        np.zeros(count),
        jac=True,
        method="BFGS",
        options={"gtol": FLAT, "maxiter": 2000},
    )
    if np.abs(found.jac).max() > FLAT_ENOUGH:
        raise NotConverged("The worths were not found.")
    theta = found.x - found.x.mean()
    covariance = centred_inverse(_information(theta, added))
    return Worths(theta, covariance, 0.0, -_negative(theta, seen)[0], connected)


@dataclass(frozen=True, slots=True)
class _Table:
    """Stages as columns: of those without a tie the item chosen, (S,), all that were there, (S, m) of 0 and
    1, and how often, (S,); and the stages with a tie."""

    chosen: NDArray[np.int64]
    there: Floats
    n: Floats
    tied: tuple[Stage, ...]


def _table(stages: Sequence[Stage], count: int) -> _Table:
    plain = [stage for stage in stages if len(stage[0]) == 1]
    there = np.zeros((len(plain), count))
    for row, (group, rest, _n) in enumerate(plain):
        there[row, [*group, *rest]] = 1.0
    return _Table(
        np.array([group[0] for group, _rest, _n in plain], dtype=np.int64),
        there,
        np.array([n for *_stage, n in plain], dtype=np.float64),
        tuple(stage for stage in stages if len(stage[0]) > 1),
    )


def _stages(
    rankings: Iterable[Sequence[Sequence[int]]], shown: Iterable[Sequence[int]] | None, count: int
) -> list[Stage]:
    counted: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    listed = [tuple(tuple(group) for group in ranking) for ranking in rankings]
    presented = [tuple(one) for one in shown] if shown is not None else [_named(one) for one in listed]
    for groups, there in zip(listed, presented, strict=True):
        _check(groups, there, count)
        rest = set(there)
        for group in groups:
            rest -= set(group)
            if group and (rest or len(group) > 1):
                counted[tuple(sorted(group)), tuple(sorted(rest))] += 1
    return [(group, rest, float(n)) for (group, rest), n in sorted(counted.items())]


def _named(groups: Groups) -> tuple[int, ...]:
    return tuple(one for group in groups for one in group)


def _check(groups: Groups, there: tuple[int, ...], count: int) -> None:
    named = _named(groups)
    if len(set(named)) < len(named) or not set(named) <= set(there):
        raise ValueError("A ranking names each item that was shown at most once, and no other.")
    if there and not 0 <= min(there) <= max(there) < count:
        raise ValueError(f"Items are numbered from 0 to {count - 1}.")
    if any(len(group) > MOST_TIED for group in groups):
        raise ValueError(f"At most {MOST_TIED} items tie.")


def _pseudo(count: int, weight: float) -> list[Stage]:
    pairs = [(one, other) for one in range(count) for other in range(count) if one != other]
    return [((one,), (other,), weight) for one, other in pairs] if weight > 0 else []


def _above(stages: Sequence[Stage], count: int) -> Floats:
    found = np.zeros((count, count))
    for group, rest, n in stages:
        found[np.ix_(group, rest)] += n
    return found


def _negative(theta: Floats, table: _Table) -> tuple[float, Floats]:
    """−ln L and its gradient."""
    worth = np.exp(theta - theta.max())
    total = table.there @ worth
    loglik = float(table.n @ (np.log(worth[table.chosen]) - np.log(total)))
    gradient = np.bincount(table.chosen, weights=table.n, minlength=len(theta))
    gradient = gradient - worth * (table.there.T @ (table.n / total))
    for group, rest, n in table.tied:
        value, slope = _stage(worth, group, rest)
        loglik += n * value
        gradient = gradient + n * slope
    return -loglik, -gradient


def _stage(worth: Floats, group: tuple[int, ...], rest: tuple[int, ...]) -> tuple[float, Floats]:
    """ln of the mean chance of the group's orders before the rest, and its gradient by θ.

    F(S), the summed chance that the members S come before the rest in any order, grows a member at a time:
    F(S) = Σ_{i in S} π_i / (π_S + π_rest) · F(S without i).
    """
    size = len(group)
    below = worth[list(rest)].sum()
    chance = np.zeros(1 << size)
    slope = np.zeros((1 << size, len(worth)))
    chance[0] = 1.0
    for members in range(1, 1 << size):
        inside = [group[bit] for bit in range(size) if members >> bit & 1]
        total = below + worth[inside].sum()
        there = np.zeros(len(worth))
        there[inside + list(rest)] = worth[inside + list(rest)]
        for bit in range(size):
            if not members >> bit & 1:
                continue
            one, before = group[bit], members & ~(1 << bit)
            share = worth[one] / total
            chance[members] += share * chance[before]
            own = -there / total
            own[one] += 1.0
            slope[members] += share * (own * chance[before] + slope[before])
    whole = chance[-1]
    return float(np.log(whole / factorial(size))), slope[-1] / whole


def _information(theta: Floats, table: _Table, step: float = 1e-5) -> Floats:
    """The observed information by differences of the exact gradient."""
    found = np.empty((len(theta), len(theta)))
    for place in range(len(theta)):
        ends = [theta.copy(), theta.copy()]
        ends[0][place] += step
        ends[1][place] -= step
        found[place] = (_negative(ends[0], table)[1] - _negative(ends[1], table)[1]) / (2 * step)
    return (found + found.T) / 2
