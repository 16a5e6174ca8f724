"""From a ranking to routes: constraints first, a random audit with a known probability, then the ranking."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Why(StrEnum):
    """Why a pair goes where it goes."""

    REQUIRED = "required"
    AUDIT = "audit"
    RANKED = "ranked"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Allocation:
    """n rows. ``people``: asked or not. ``probability``: chance of being asked before the audit was drawn:
    1 for what is required or ranked high enough, and the same known share for all others. ``why``: one of
    ``Why``."""

    people: Mask
    probability: Floats
    why: list[Why]


def allocate(worth: Floats, required: Mask, *, budget: int, audit: float, seed: int) -> Allocation:
    """Spend ``budget`` pairs of people's time on n pairs.

    Required pairs come first (the worthiest of them, where they are more than the budget). Of the budget,
    the part ⌈audit · budget⌉ that is left is drawn at random from all pairs that neither rule nor ranking
    takes, each with the same probability, so that what people say there speaks for everything left to models.
    The rest goes by ``worth``, highest first; equal worth by a seeded draw.
    """
    n = len(worth)
    budget = min(max(budget, 0), n)
    rng = np.random.default_rng(seed)
    lot = rng.random(n)
    order = np.lexsort((lot, -np.where(np.isfinite(worth), worth, -np.inf)))
    first = [int(place) for place in order if required[place]][:budget]
    others = [int(place) for place in order if not required[place]]
    free = min(budget - len(first), len(others))
    drawn = min(int(np.ceil(audit * budget)), free)
    ranked, rest = others[: free - drawn], others[free - drawn :]
    audited = [rest[place] for place in rng.permutation(len(rest))[:drawn]]
    probability = np.zeros(n)
    why = [Why.LEFT] * n
    for places, reason in ((first, Why.REQUIRED), (ranked, Why.RANKED), (audited, Why.AUDIT)):
        for place in places:
            why[place] = reason
    probability[first + ranked] = 1.0
    if rest:
        probability[rest] = drawn / len(rest)
    people = np.zeros(n, dtype=np.bool_)
    people[first + ranked + audited] = True
    return Allocation(people, probability, why)
