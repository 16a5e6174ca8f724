"""What a model would say, shown after a person's first answer and never before; on a share of the items,
drawn for each judge, it is never shown, so that its pull can be measured."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotate.enums import AssignmentState, JudgeKind, JudgmentState
from annotate.errors import InvalidAnswer, LeaseLost, NothingToDo
from annotate.models import Assignment, Judgment
from annotate.rules.flow import FlowRules
from annotate.rules.turns import holds_back
from annotate.selectors.questions import main_key, questionnaire_of


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``preference`` is told about the sides as shown; None where nothing is suggested."""

    preference: int | str | None


@transaction.atomic
def ask_for_suggestion(*, assignment: Assignment, token: uuid.UUID, first: Mapping[str, Any]) -> Suggestion:
    """Keep the first answers, as stored, and say what a model would say. Asked again, the first answers stay
    as they were and the suggestion is the same.

    Raises NothingToDo where the project shows none, InvalidAnswer before there is a first answer, and
    LeaseLost when the item is no longer the caller's.
    """
    project = assignment.item.project
    rules = FlowRules.read(project.flow)
    if not rules.suggestions:
        raise NothingToDo("This project shows no suggestions.", cure="Decide by yourself.")
    key = main_key(project)
    if first.get(key) is None:
        raise InvalidAnswer("Give your own answer first.", field=key, cure="Choose one, then ask.")
    held = Assignment.objects.select_for_update(no_key=True).filter(
        pk=assignment.pk, lease_token=token, state=AssignmentState.LEASED
    )
    current = held.first()
    if current is None:
        raise LeaseLost("This item is no longer kept for you.")
    if current.suggestion is None:
        held.update(suggestion=_record(assignment, rules, key, first))
        current.refresh_from_db(fields=["suggestion"])
    assignment.suggestion = current.suggestion
    return Suggestion(_as_shown(assignment, key, (current.suggestion or {}).get("shown")))


def _record(assignment: Assignment, rules: FlowRules, key: str, first: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept with the judgment: the first answers, whether it was held back, and what was shown."""
    item, judge = assignment.item, assignment.judge
    held_back = holds_back(rules, seed=item.project.seed, judge_key=judge.name, item_key=item.key)
    model = (
        Judgment.objects.filter(
            assignment__item=item,
            assignment__judge__kind=JudgeKind.MODEL,
            state=JudgmentState.CURRENT,
            answers__has_key=key,
        )
        .order_by("-pk")
        .first()
    )
    shown = None if held_back or model is None else model.answers[key]
    return {
        "first": dict(first),
        "held_back": held_back,
        "shown": shown,
        "judgment": model.pk if model is not None else None,
    }


def _as_shown(assignment: Assignment, key: str, preference: Any) -> Any:
    if preference is None:
        return None
    told = questionnaire_of(assignment.item.project).shown({key: preference}, assignment.order)
    return told[key]
