"""What judges answer. People, recorded judges and models come through the same door."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotate.enums import AssignmentState, JudgmentState
from annotate.errors import LeaseLost
from annotate.models import Assignment, Judgment
from annotate.services.answers import clean_answers


@transaction.atomic
def record_judgment(
    *,
    assignment: Assignment,
    token: uuid.UUID,
    answers: Mapping[str, Any],
    seconds: float | None = None,
    raw: Any = None,
    at: datetime | None = None,
) -> Judgment:
    """Store the answers and finish the assignment in one step.

    Raises InvalidAnswer, or LeaseLost when the lease is no longer the caller's: the UPDATE on the token is
    the fence, so a judge who comes back after someone else took the item changes nothing.
    """
    cleaned = clean_answers(questions=assignment.item.project.questions.all(), answers=answers)
    return _finish(assignment, token, cleaned, JudgmentState.CURRENT, seconds, raw, at)


@transaction.atomic
def record_unparseable(
    *,
    assignment: Assignment,
    token: uuid.UUID,
    raw: Any,
    seconds: float | None = None,
    at: datetime | None = None,
) -> Judgment:
    """Keep a model's reply that gave no verdict: missing, never a number."""
    return _finish(assignment, token, {}, JudgmentState.UNPARSEABLE, seconds, raw, at)


def _finish(
    assignment: Assignment,
    token: uuid.UUID,
    answers: dict[str, Any],
    state: JudgmentState,
    seconds: float | None,
    raw: Any,
    at: datetime | None,
) -> Judgment:
    made_at = at or timezone.now()
    held = Assignment.objects.filter(pk=assignment.pk, lease_token=token, state=AssignmentState.LEASED)
    if not held.update(state=AssignmentState.DONE, done_at=made_at, leased_until=None):
        raise LeaseLost("This item is no longer kept for you.")
    assignment.state = AssignmentState.DONE
    last = assignment.judgments.aggregate(last=Max("revision"))["last"] or 0
    return Judgment.objects.create(
        assignment=assignment,
        revision=last + 1,
        state=state,
        answers=answers,
        shown_order=assignment.order,
        seconds=seconds,
        guideline_id=assignment.guideline_id,
        raw=raw,
        made_at=made_at,
    )
