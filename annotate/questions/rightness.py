"""Whether an answer is right, for questions of every kind.

What is right is kept as plain values, told about the candidates as stored:

- preference: the side it favours, "first", "second", "tie" or "neither", whatever its strength
- ranking: groups from best to worst. Pairs that they put in order must stand so; pairs that they tie, and
  candidates that they leave out, may stand anyhow
- rating: a point, or two as the lowest and the highest that are right, for each attribute that is checked,
  under its candidate where it is asked of each
- choice: the value, or the whole set of values; of those asked of each candidate, the ones named are checked
- spans: passages; right is what marks them with the same labels, but for half of all that either marks
- of a ranking, a rating or levels also ``{"above": [0, 1]}``: the first one named stands above the other

Texts are read by people and never checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotate.questions.choice import ChoiceOptions
from annotate.questions.consistency import heights
from annotate.questions.kind import Kind, refusal
from annotate.questions.preference import NEITHER, TIE, PreferenceOptions
from annotate.questions.ranking import RankingOptions
from annotate.questions.rating import RatingOptions
from annotate.questions.spans import SpansOptions
from annotate.questions.subject import Subject
from annotate.questions.text import TextOptions
from annotate.rules.stopping import choice_of

SIDES = ("first", "second", TIE, NEITHER)
ABOVE = "above"
# Intersection over union from which on two sets of highlights are the same finding.
LEAST_SHARED = 0.5
# On a scale of more points than these, the next point is the same opinion.
COARSE = 3


def is_checkable(kind: Kind) -> bool:
    return not isinstance(kind, TextOptions)


def all_right(
    kinds: Mapping[str, Kind], accepted: Mapping[str, Sequence[Any]], answers: Mapping[str, Any]
) -> bool | None:
    """Whether every question that is checked has one of its right answers; no answer is right only where
    there is nothing to find. None where nothing that is checked is asked any more."""
    checked = {key: right for key, right in accepted.items() if key in kinds}
    if not checked:
        return None
    return all(
        any(is_right(kinds[key], answers.get(key), one) for one in right) for key, right in checked.items()
    )


def is_right(kind: Kind, answer: Any, right: Any) -> bool:
    """Whether a stored answer is what is right. None for an answer that was not given: right where there
    is nothing to mark or choose."""
    if answer is None:
        return isinstance(kind, SpansOptions | ChoiceOptions) and right == []
    if isinstance(right, Mapping) and ABOVE in right:
        return _stands_above(kind, answer, right)
    if isinstance(kind, PreferenceOptions):
        return bool(choice_of(answer) == right)
    if isinstance(kind, RankingOptions):
        return _keeps_order(answer, right)
    if isinstance(kind, RatingOptions):
        return _fits(answer, right) if not kind.per_candidate else _each(answer, right, _fits)
    if isinstance(kind, ChoiceOptions):
        return _same_choice(answer, right) if not kind.per_candidate else _each(answer, right, _same_choice)
    if isinstance(kind, SpansOptions):
        return shared_part(answer, right) >= LEAST_SHARED
    return False


def right_of(kind: Kind, answer: Any, *, tolerance: int = 0) -> Any:
    """What is right where this stored answer is; a rating may be off by ``tolerance`` points."""
    if isinstance(kind, PreferenceOptions):
        return choice_of(answer)
    if not isinstance(kind, RatingOptions):
        return answer
    if not kind.per_candidate:
        return _widened(kind, answer, tolerance)
    return {position: _widened(kind, entry, tolerance) for position, entry in answer.items()}


def alike(kind: Kind, one: Any, other: Any) -> bool:
    """Whether two answers of one judge to the same question are the same opinion. Rankings must agree in
    every pair, ties included; on a scale of more than three points the next one is the same."""
    if isinstance(kind, RankingOptions):
        return bool(one == other)
    near = 1 if isinstance(kind, RatingOptions) and len(kind.points) > COARSE else 0
    return is_right(kind, other, right_of(kind, one, tolerance=near))


def clean_right(kind: Kind, right: Any, *, field: str, about: Subject) -> Any:
    """Check what is said to be right; raises InvalidAnswer for what nobody could answer."""
    if not is_checkable(kind):
        raise refusal("A text is read, not checked.", field=field, cure="Check another question.")
    if isinstance(right, Mapping) and ABOVE in right:
        return _clean_above(kind, right, field, about)
    if isinstance(kind, PreferenceOptions):
        sides = SIDES[:2] + ((TIE,) if kind.tie else ()) + ((NEITHER,) if kind.neither else ())
        if right not in sides or len(about.positions) < 2:
            raise refusal(
                "Say which answers are right.", field=field, cure=f"Give some of {', '.join(sides)}."
            )
        return right
    if isinstance(kind, RankingOptions):
        named = {one for group in right for one in group} if _is_groups(right) else set()
        return _ranked(kind, right, field, about.only(named))
    if isinstance(kind, RatingOptions):
        for end in (0, 1):
            kind.clean(_one_end(right, end), field=field, about=about, whole=False)
        return right
    return kind.clean(right, field=field, about=about, whole=False)


def shared_part(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> float:
    """Characters that both mark with the same label over those that either marks, 0..1; 1 where neither
    marks anything."""
    marked, also = _characters(one), _characters(other)
    return len(marked & also) / len(marked | also) if marked or also else 1.0


def _characters(spans: Sequence[Mapping[str, Any]]) -> set[tuple[int, str, int]]:
    return {
        (span["candidate"], span["label"], at)
        for span in spans
        for at in range(span["start"], span["end"])
    }  # fmt: skip


def _stands_above(kind: Kind, answer: Any, right: Mapping[str, Any]) -> bool:
    """Levels are too coarse to tell every difference, so there an equal one is no mistake."""
    better, worse = right[ABOVE]
    found = heights(kind, answer, Subject((0, 1)), attribute=right.get("attribute", ""))
    if better not in found or worse not in found:
        return False
    sign = -1 if right.get("better") == "lower" and not isinstance(kind, RankingOptions) else 1
    apart = sign * (found[better] - found[worse])
    return apart > 0 or (apart == 0 and isinstance(kind, ChoiceOptions))


def _keeps_order(answer: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> bool:
    ranks = {one: rank for rank, group in enumerate(answer) for one in group}
    ordered = [[ranks.get(one) for one in group] for group in right]
    if any(rank is None for group in ordered for rank in group):
        return False
    known = [[rank for rank in group if rank is not None] for group in ordered]
    return all(max(best) < min(next_) for best, next_ in zip(known, known[1:], strict=False))


def _each(answer: Mapping[str, Any], right: Mapping[str, Any], fits: Any) -> bool:
    return all(position in answer and fits(answer[position], entry) for position, entry in right.items())


def _fits(entry: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    for name, points in right.items():
        if name not in entry:
            return False
        given = entry[name]
        low, high = points if isinstance(points, list | tuple) else (points, points)
        if given is None or low is None:
            if given is not low:
                return False
        elif not low <= given <= high:
            return False
    return True


def _same_choice(given: Any, right: Any) -> bool:
    return given == right if isinstance(right, str) else set(given) == set(right)


def _widened(kind: RatingOptions, entry: Mapping[str, Any], tolerance: int) -> dict[str, Any]:
    return {
        name: point
        if point is None
        else [max(kind.low, point - tolerance), min(kind.high, point + tolerance)]
        for name, point in entry.items()
    }


def _one_end(right: Any, end: int) -> Any:
    """A rating with the lowest or the highest of the points that are right, to be checked as an answer."""
    if isinstance(right, Mapping):
        return {name: _one_end(entry, end) for name, entry in right.items()}
    pair = isinstance(right, list | tuple) and len(right) == 2
    return right[end] if pair else right


def _ranked(kind: RankingOptions, right: Any, field: str, about: Subject) -> list[list[int]]:
    if len(about.positions) < 2:
        raise refusal("This ranking orders nothing.", field=field, cure="Rank two responses or more.")
    # Ties say that it does not matter, which is allowed where annotators may not tie.
    return RankingOptions(ties=True).clean(right, field=field, about=about)


def _is_groups(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(group, list | tuple) for group in value)


def _clean_above(kind: Kind, right: Mapping[str, Any], field: str, about: Subject) -> dict[str, Any]:
    named = right[ABOVE]
    levels = isinstance(kind, ChoiceOptions) and kind.per_candidate and kind.ordered and not kind.multiple
    rated = isinstance(kind, RatingOptions) and kind.per_candidate
    pair = isinstance(named, list | tuple) and len(named) == 2 and named[0] != named[1]
    ordered = levels or rated or isinstance(kind, RankingOptions)
    if not ordered or not pair or not set(named) <= set(about.positions):
        raise refusal(
            "This puts no response above another.",
            field=field,
            cure="Name two responses of this item, the better one first, for a ranking, a rating or levels.",
        )
    return dict(right)
