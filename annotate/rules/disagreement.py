"""How much there is to gain from looking at an item again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotate.rules.stopping import choice_of, sureness


def disagreement(votes: Sequence[Any]) -> float:
    """0 where all agree on the choice; else the chance that the leading choice is the wrong one, twice over
    (1: a toss-up), and a little more the further the strengths are apart."""
    if len({choice_of(vote) for vote in votes}) < 2:
        return 0.0
    numbers = [vote if isinstance(vote, int | float) else 0 for vote in votes if vote != "neither"]
    apart = (max(numbers) - min(numbers)) / 6 if numbers else 0.0
    return 2 * (1 - sureness(votes)) + 0.1 * apart
