"""From the order shown to the order stored, and back: the sign of a preference depends on which side was
first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def flip_preference(preference: Any, *, order: Sequence[int]) -> Any:
    """A preference between the first two shown, told about the first two as stored; its own inverse.

    What is no signed strength (a tie, neither, or something a validator will refuse) stays as it is.
    """
    turned = len(order) > 1 and order[0] > order[1]
    if not turned or isinstance(preference, bool) or not isinstance(preference, int):
        return preference
    return -preference


def answers_as_stored(answers: Mapping[str, Any], *, order: Sequence[int]) -> dict[str, Any]:
    """Answers given about the sides as shown, with the preference turned to the stored order."""
    stored = dict(answers)
    if "preference" in stored:
        stored["preference"] = flip_preference(stored["preference"], order=order)
    return stored
