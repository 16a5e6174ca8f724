"""What the answers of one item's judges come to: a verdict on its pair, and a value for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotate.questions.preference import PreferenceOptions
from annotate.questions.questionnaire import Questionnaire, Spec
from annotate.questions.settle_rules import SettleRules, compares
from annotate.questions.verdicts import difference, measured, vote_of
from annotate.selectors.judgments import Cast
from curation.selectors.settled_values import settled_value

if TYPE_CHECKING:
    from curation.numerics.settling import Settled


@dataclass(frozen=True, slots=True)
class SettledItem:
    """``votes``: for each judge who answered the question of the verdict, what it says of the pair, on the
    scale of a preference. ``values``: by question, with the rule that made each."""

    verdict: Settled
    votes: dict[int, float | str]
    values: dict[str, dict[str, Any]]


def settle_item(casts: Sequence[Cast], questionnaire: Questionnaire, rules: SettleRules) -> SettledItem:
    """Settle one item from what its judges answered, in the order they did."""
    values = {
        spec.key: settled_value(spec, rules, answered)
        for spec in questionnaire.specs
        if (answered := _answers(spec, casts))
    }
    for asked in questionnaire.specs:
        if asked.key in values and compares(asked.options) and asked.kind != "preference":
            values[asked.key]["standing"] = _standing(asked, rules, values[asked.key], casts[0].positions)
    spec = rules.verdict_spec(questionnaire)
    told = [cast for cast in casts if spec is not None and spec.key in cast.answers]
    votes: dict[int, float | str] = {}
    for cast in told:
        vote = vote_of(spec, rules, cast.answers[spec.key], cast.positions) if spec else None
        if vote is not None:
            votes[cast.judge_id] = vote
    return SettledItem(_verdict(spec, rules, votes, values, casts), votes, values)


def _answers(spec: Spec, casts: Sequence[Cast]) -> list[Any]:
    """A judge who highlighted nothing where others did has found nothing, which is an answer."""
    answered = [cast.answers[spec.key] for cast in casts if spec.key in cast.answers]
    if answered and spec.kind == "spans":
        return [cast.answers.get(spec.key, []) for cast in casts]
    return answered


def _standing(
    spec: Spec, rules: SettleRules, value: Mapping[str, Any], positions: Sequence[int]
) -> dict[str, float]:
    """How high each candidate stands by the settled value, by its position."""
    found = measured(spec, rules, settled_answer(spec, value), positions)
    return {str(position): round(number, 6) for position, number in sorted(found.items())}


def _verdict(
    spec: Spec | None,
    rules: SettleRules,
    votes: Mapping[int, float | str],
    values: Mapping[str, Mapping[str, Any]],
    casts: Sequence[Cast],
) -> Settled:
    from curation.numerics.settling import settle_towards, settle_votes

    cast = list(votes.values())
    if spec is None or not cast:
        return settle_votes([])
    if isinstance(spec.options, PreferenceOptions):
        if rules.rule_for(spec) == "majority":
            return settle_votes(cast)
        made = values[spec.key]
        return settle_towards(cast, made["verdict"], made["preference"])
    positions = casts[0].positions
    toward = difference(
        measured(spec, rules, settled_answer(spec, values[spec.key]), positions), positions[:2], spec, rules
    )
    if toward is None:
        return settle_towards(cast, "undecided", None)
    # A consensus ranking says which; how clearly is the mean of what each judge said.
    mean = settle_votes(cast).preference if spec.kind == "ranking" else toward
    return settle_towards(cast, "tie" if toward == 0 else "first" if toward < 0 else "second", mean)


def settled_answer(spec: Spec, value: Mapping[str, Any]) -> Any:
    """The settled value in the shape of an answer, without the candidates that were not settled."""
    if spec.kind == "ranking":
        return value["value"]
    return {position: entry for position, entry in value["value"].items() if entry is not None}
