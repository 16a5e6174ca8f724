"""What one answer of any comparing kind says of two candidates, on the scale of a preference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.questions.consistency import heights
from annotate.questions.preference import PreferenceOptions
from annotate.questions.questionnaire import Spec
from annotate.questions.rating import RatingOptions
from annotate.questions.settle_rules import SettleRules
from annotate.questions.subject import Subject

STRONGEST = 3


def vote_of(spec: Spec, rules: SettleRules, answer: Any, positions: Sequence[int]) -> float | str | None:
    """What one judge's answer says of the first two candidates; None where it does not speak of both.

    A preference is its own; a ranking says which and not how much, and counts 1; a difference of ratings or
    levels is taken as a share of its scale.
    """
    if isinstance(spec.options, PreferenceOptions):
        return 0 if answer == "tie" else answer
    if len(positions) < 2:
        return None
    pair = positions[:2]
    return difference(measured(spec, rules, answer, positions), pair, spec, rules)


def measured(spec: Spec, rules: SettleRules, answer: Any, positions: Sequence[int]) -> dict[int, float]:
    """A number for each candidate, by what of the answer decides; higher is better."""
    about = Subject(tuple(positions))
    sign = -1 if rules.better == "lower" and spec.kind in ("rating", "choice") else 1
    if isinstance(spec.options, RatingOptions) and rules.weights:
        weights = dict(rules.weights)
        rated = {
            int(position): [(weights[name], point) for name, point in entry.items() if name in weights]
            for position, entry in answer.items()
        }
        return {
            position: sign * sum(weight * point for weight, point in found)
            for position, found in rated.items()
            if found and all(point is not None for _weight, point in found)
        }
    found = heights(spec.options, answer, about, attribute=rules.attribute)
    return {position: sign * number for position, number in found.items()}


def difference(
    found: Mapping[int, float], pair: Sequence[int], spec: Spec, rules: SettleRules
) -> float | None:
    first, second = pair
    if first not in found or second not in found:
        return None
    difference = found[second] - found[first]
    if abs(difference) <= rules.margin:
        return 0.0
    if spec.kind == "ranking":
        return 1.0 if difference > 0 else -1.0
    return round(STRONGEST * difference / _span(spec, rules), 6)


def _span(spec: Spec, rules: SettleRules) -> float:
    """The largest difference that the measure can have."""
    options = spec.options
    if isinstance(options, RatingOptions):
        weight = sum(abs(weight) for _name, weight in rules.weights) if rules.weights else 1.0
        return max(weight, 1e-9) * (options.high - options.low)
    return len(getattr(options, "values", ())) - 1.0
