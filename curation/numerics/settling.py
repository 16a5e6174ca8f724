"""Majority settlement: the votes on one item become one verdict with its strength.

Sign of a preference as in HelpSteer2-Preference (Wang et al., arXiv 2410.01257): −3..3, negative favours
the first candidate as stored. There "neither" is kept out of every mean; so it is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, TypeAlias

Vote: TypeAlias = float | str
Verdict: TypeAlias = Literal["first", "second", "tie", "neither", "undecided"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the judges of one item came to.

    ``verdict``: the choice with strictly more votes than any other; "undecided" where two lead together or
    nobody voted. ``preference``: mean of the numeric votes, a tie as 0, "neither" left out; None when none
    is left. ``strength`` is its size and ``spread`` the largest numeric vote minus the smallest.
    ``confidence``: share of all judges who voted for the verdict, 0 for "undecided", which nobody votes
    for.
    """

    verdict: Verdict
    preference: float | None
    strength: float | None
    confidence: float
    n_judges: int
    spread: float | None


def settle_votes(votes: Sequence[Vote]) -> Settled:
    """Settle the votes on one item: each a number −3..3 (0 is a tie), "tie" or "neither".

    The order of the votes does not matter. Raises ValueError for anything else.
    """
    verdict = _plurality(Counter(_choice(vote) for vote in votes))
    numbers = _numbers(votes)
    preference = fsum(numbers) / len(numbers) if numbers else None
    return settle_towards(votes, verdict, preference)


def settle_towards(votes: Sequence[Vote], verdict: Verdict, preference: float | None) -> Settled:
    """A verdict that another rule came to, described by the votes on the same item: how many of the judges
    share it, and how far apart they are. Raises ValueError as ``settle_votes`` does."""
    choices = Counter(_choice(vote) for vote in votes)
    numbers = _numbers(votes)
    return Settled(
        verdict=verdict,
        preference=preference,
        strength=None if preference is None else abs(preference),
        confidence=choices[verdict] / len(votes) if votes else 0.0,
        n_judges=len(votes),
        spread=float(max(numbers) - min(numbers)) if numbers else None,
    )


def margin_towards(verdict: str, preference: float | None) -> float:
    """Reward margin 0..1 of a settled pair: a third of the mean strength in the direction of the verdict.

    The scale of Llama 2 (Touvron et al., arXiv 2307.09288, §3.2.2) with thirds for its steps. 0 where there
    is no preferred side, and where a strong minority pulls the mean to the other side.
    """
    if preference is None or verdict not in {"first", "second"}:
        return 0.0
    return max(0.0, -preference if verdict == "first" else preference) / 3


def _numbers(votes: Sequence[Vote]) -> list[float]:
    return [0 if vote == "tie" or isinstance(vote, str) else vote for vote in votes if vote != "neither"]


def _choice(vote: Vote) -> Verdict:
    if vote == "tie":
        return "tie"
    if vote == "neither":
        return "neither"
    if isinstance(vote, bool) or not isinstance(vote, int | float) or not -3 <= vote <= 3:
        raise ValueError(f"A vote is a number from -3 to 3, 'tie' or 'neither', not {vote!r}.")
    if vote == 0:
        return "tie"
    return "first" if vote < 0 else "second"


def _plurality(choices: Counter[Verdict]) -> Verdict:
    leaders = [choice for choice, count in choices.items() if count == max(choices.values())]
    return leaders[0] if len(leaders) == 1 else "undecided"
