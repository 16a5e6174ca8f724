"""What models this machine has for scoring, and why one cannot be used.

Looking into a model's folder belongs to the workers, who put their ways of doing it here when they start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from curation.enums import Scorer


@dataclass(frozen=True, slots=True)
class ShelfModel:
    """A model folder. ``gives``: "text", "reward", "pair", or "" with the ``refusal``."""

    name: str
    gives: str
    refusal: str = ""


@dataclass(slots=True)
class Looks:
    """``shelf``: the folders of this machine. ``refusal``: why the named model cannot give what the scorer in
    this form needs; None where it can, or where it is not here and only its worker can tell."""

    shelf: Callable[[], list[ShelfModel]] | None = None
    refusal: Callable[[str, str], str | None] | None = None


LOOKS = Looks()
GIVES = {Scorer.CHES: "text", Scorer.LOGPROB: "text", Scorer.REWARD: "reward"}


def models_here() -> list[ShelfModel]:
    return LOOKS.shelf() if LOOKS.shelf else []


def refusal_of(name: str, scorer: Scorer, form: str) -> str | None:
    """Why this model cannot be asked for this score, or None."""
    if not name or scorer not in GIVES or LOOKS.refusal is None:
        return None
    return LOOKS.refusal(name, "pair" if form == "pair" else GIVES[scorer])
