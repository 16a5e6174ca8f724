"""Rankings of several judges become one, by ranked pairs.

T. N. Tideman, "Independence of clones as a criterion for voting rules", Social Choice and Welfare 4 (1987).
Pairs of candidates are locked from the largest margin to the smallest, leaving out each that would close a
cycle; Open-Assistant settles its rankings so (Köpf et al., arXiv 2304.07327). Here ties are explicit: a
margin of 0 is never locked, and candidates that nothing orders share a rank. Equal margins are locked
together where they go together; where they do not, one by one in the order of the candidates' numbers, and
the result says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, permutations
from typing import TypeAlias

Ranking: TypeAlias = Sequence[Sequence[int]]
Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Consensus:
    """``groups``: candidates from best to worst, a group of several is a tie; only candidates that every
    judge ranked are in it. ``margins``: for each ordered pair, judges who put the first above the second
    minus those who put it below. ``tie_break_used``: whether equal margins contradicted each other.
    ``distances``: for each ranking its distance to the consensus, 0..1 (see ``kendall_distance``).
    """

    groups: tuple[tuple[int, ...], ...]
    margins: Mapping[Pair, int]
    tie_break_used: bool
    distances: tuple[float, ...]


def ranked_pairs(rankings: Sequence[Ranking]) -> Consensus:
    """Merge rankings, each a list of groups of candidates from best to worst.

    Candidates that not every judge ranked are left out; with fewer than two left, ``groups`` is empty.
    Raises ValueError for no rankings, or for one that names a candidate twice.
    """
    if not rankings:
        raise ValueError("There is no ranking to merge.")
    ranks = [_ranks(ranking) for ranking in rankings]
    shared = sorted(set.intersection(*(set(one) for one in ranks)))
    margins = {
        (above, below): sum(_sign(one[below] - one[above]) for one in ranks)
        for above, below in permutations(shared, 2)
    }
    locked, tie_break_used = _lock(margins)
    groups = _levels(shared, locked) if len(shared) > 1 else ()
    distances = tuple(kendall_distance(groups, ranking) if groups else 0.0 for ranking in rankings)
    return Consensus(groups, margins, tie_break_used, distances)


def kendall_distance(left: Ranking, right: Ranking) -> float:
    """Share of the pairs, out of n(n−1)/2, that two rankings order differently; a pair that only one of
    them ties counts half. Over the candidates in both; 0 where there are fewer than two."""
    first, second = _ranks(left), _ranks(right)
    pairs = list(combinations(sorted(first.keys() & second.keys()), 2))
    apart = [abs(_sign(first[b] - first[a]) - _sign(second[b] - second[a])) / 2 for a, b in pairs]
    return sum(apart) / len(apart) if apart else 0.0


def _ranks(ranking: Ranking) -> dict[int, int]:
    ranks = {one: place for place, group in enumerate(ranking) for one in group}
    if len(ranks) < sum(len(group) for group in ranking):
        raise ValueError("A ranking names a candidate twice.")
    return ranks


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _lock(margins: Mapping[Pair, int]) -> tuple[set[Pair], bool]:
    """Lock pairs by falling margin; returns them and whether an order among equals had to be chosen."""
    locked: set[Pair] = set()
    chosen = False
    won = sorted((pair for pair in margins if margins[pair] > 0), key=lambda pair: (-margins[pair], pair))
    for _margin, group in groupby(won, key=lambda pair: margins[pair]):
        open_pairs = [(above, below) for above, below in group if not _leads(locked, below, above)]
        together = locked | set(open_pairs)
        if not any(_leads(together, below, above) for above, below in open_pairs):
            locked = together
            continue
        chosen = True
        for above, below in open_pairs:
            if not _leads(locked, below, above):
                locked.add((above, below))
    return locked, chosen


def _leads(locked: Iterable[Pair], start: int, goal: int) -> bool:
    """Whether a chain of locked pairs puts ``start`` above ``goal``."""
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        fresh = {below for above, below in locked if above == here} - reached
        reached |= fresh
        waiting += fresh
    return goal in reached


def _levels(candidates: Sequence[int], locked: set[Pair]) -> tuple[tuple[int, ...], ...]:
    """From the top: each group holds whoever nothing still waiting stands above."""
    waiting, groups = set(candidates), []
    while waiting:
        top = {one for one in waiting if not any((other, one) in locked for other in waiting)}
        groups.append(tuple(sorted(top)))
        waiting -= top
    return tuple(groups)
