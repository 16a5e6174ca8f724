"""What a budget buys: counts, hours, money and effective labels, before anything is committed.

Counts and the worth of weak labels follow the trade-off of label quality against quantity (EleutherAI,
"Balancing Label Quantity and Quality for Scalable Elicitation", arXiv 2410.13215); the effective sample size
is an argument from symmetric label noise, and ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """``person`` and ``model``: one judgment, in any currency. ``seconds``: a person's time for one.
    ``overlap``: people per item."""

    person: float
    model: float
    seconds: float
    overlap: int = 1

    def __post_init__(self) -> None:
        numbers = (self.person, self.model, self.seconds)
        if min(numbers) < 0 or not all(map(math.isfinite, numbers)) or self.overlap < 1:
            raise ValueError("Prices and seconds cannot be negative, and somebody has to be asked.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of the slider: ``people`` items go to people, all others to models."""

    share: float
    people: int
    models: int
    judgments: int
    hours: float
    cost: float
    effective: float | None


def plan(
    items: int,
    prices: Prices,
    shares: Sequence[float],
    *,
    ask_models: bool,
    person: float | None,
    model: float | None,
) -> list[Choice]:
    """The choices at these shares of ``items``. ``person`` and ``model``: accuracy on gold, where known.

    With ``ask_models``, models are asked about the items of people too. ``effective`` counts a model's label
    as ρ of a person's; None where an accuracy is unknown.
    """
    worth = None if person is None or model is None else label_worth(model, person)
    found = []
    for share in shares:
        people = round(share * items)
        models = items if ask_models else items - people
        judgments = people * prices.overlap
        found.append(
            Choice(
                share=share,
                people=people,
                models=models,
                judgments=judgments,
                hours=judgments * prices.seconds / 3600,
                cost=judgments * prices.person + models * prices.model,
                effective=None if worth is None else people + worth * (items - people),
            )
        )
    return found


def affordable(budget: float, share: float, *, strong: float, weak: float) -> tuple[int, int]:
    """Strong and weak labels for a sum of money of which ``share`` goes to strong ones: n_s = ⌊fB/c_s⌋ and
    n_w = ⌊(B − n_s·c_s)/c_w⌋."""
    count = math.floor(share * budget / strong + 1e-9)
    return count, math.floor((budget - count * strong) / weak + 1e-9)


def label_worth(weak: float, strong: float) -> float:
    """ρ = (2q_w − 1)² / (2q_s − 1)²: how many strong labels a weak one is worth, by accuracies on gold.

    0 for a label that is a coin's; at most 1. Raises ValueError for accuracies outside 0..1.
    """
    if not (0 <= weak <= 1 and 0 <= strong <= 1):
        raise ValueError("An accuracy lies between 0 and 1.")
    if strong <= 0.5:
        return 1.0
    return min(1.0, (max(2 * weak - 1, 0.0) / (2 * strong - 1)) ** 2)


def items_for(budget: float, kind: str, *, items: int, prices: Prices, ask_models: bool) -> int:
    """How many items people get for a budget named as "items", "share" (per cent) or "money".

    Money pays for the models' part as well. Never more than there are. Raises ValueError for another kind, a
    negative budget, or money without a price.
    """
    if budget < 0 or not math.isfinite(budget):
        raise ValueError("A budget is a number of 0 or more.")
    if kind == "items":
        return min(items, math.floor(budget))
    if kind == "share":
        if budget > 100:
            raise ValueError("A share is at most 100 per cent.")
        return round(items * budget / 100)
    if kind != "money":
        raise ValueError("A budget is a number of items, a share or a sum of money.")
    each = prices.person * prices.overlap - (0 if ask_models else prices.model)
    if each <= 0:
        return items
    return max(0, min(items, math.floor((budget - items * prices.model) / each + 1e-9)))
