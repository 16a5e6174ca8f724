"""What judges answer. People, recorded judges and models come through the same door."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BigAutoField, DateTimeField, PositiveSmallIntegerField, UUIDField
from django.utils import timezone

from annotate.enums import AssignmentState, JudgeKind, JudgmentState
from annotate.errors import LeaseLost, StaleEdit
from annotate.models import Assignment, Judgment
from annotate.prepared import PreparedInsert, PreparedUpdate
from annotate.selectors.guidelines import current_guideline
from annotate.services.answers import clean_answers
from annotate.services.doubts import reconsider_doubt
from annotate.services.drafts import drop_draft, has_draft
from annotate.services.seats import hold_seats, reconsider_seats, seats_follow_answers

_FINISH = PreparedUpdate(
    lambda pk, token, at, revision: (
        Assignment.objects.filter(pk=pk, lease_token=token, state=AssignmentState.LEASED),
        {"state": AssignmentState.DONE, "done_at": at, "leased_until": None, "revisions": revision},
    ),
    pk=BigAutoField(),
    token=UUIDField(),
    at=DateTimeField(),
    revision=PositiveSmallIntegerField(),
)
_KEEP = PreparedInsert(Judgment)


def record_judgment(
    *,
    assignment: Assignment,
    token: uuid.UUID,
    answers: Mapping[str, Any],
    seconds: float | None = None,
    raw: Any = None,
    at: datetime | None = None,
    confirmed: bool = True,
    only: Collection[str] | None = None,
) -> Judgment:
    """Store the answers, told about the candidates as stored, and finish the assignment in one step.
    With ``only``, the judge was asked no other questions: a model need not answer all.

    Raises InvalidAnswer; UnlikelyAnswer where they break a rule that warns and are not ``confirmed`` by
    their judge; or LeaseLost when the lease is no longer the caller's: the UPDATE on the token is
    the fence, so a judge who comes back after someone else took the item changes nothing.
    """
    found = clean_answers(assignment=assignment, answers=answers, confirmed=confirmed, only=only)
    kept = {"state": JudgmentState.CURRENT, "answers": found.answers, "seconds": seconds, "raw": raw}
    return _finish(assignment, token, at or timezone.now(), **kept)


def record_unparseable(
    *,
    assignment: Assignment,
    token: uuid.UUID,
    raw: Any,
    seconds: float | None = None,
    at: datetime | None = None,
) -> Judgment:
    """Keep a model's reply that gave no verdict: missing, never a number."""
    kept = {"state": JudgmentState.UNPARSEABLE, "answers": {}, "seconds": seconds, "raw": raw}
    return _finish(assignment, token, at or timezone.now(), **kept)


def moves_seats(*, assignment: Assignment) -> bool:
    """Whether answering locks the item, for what it does to seats or to the order of review."""
    return assignment.seated and (_weighs(assignment) or _may_differ(assignment))


def _finish(assignment: Assignment, token: uuid.UUID, at: datetime, **kept: Any) -> Judgment:
    """Finish the assignment with a judgment of these fields. Raises LeaseLost.

    Without a savepoint of its own: it is refused before it has changed anything, and so may be refused in
    the middle of the caller's transaction.
    """
    # The token was given with the last opening, so nobody else can have added a revision since.
    revision = assignment.revisions + 1
    judgment = None
    with transaction.atomic(savepoint=False):
        if moves_seats(assignment=assignment):
            hold_seats(item_id=assignment.item_id)
        if _FINISH.run(pk=assignment.pk, token=token, at=at, revision=revision):
            assignment.state, assignment.revisions = AssignmentState.DONE, revision
            judgment = Judgment(
                assignment=assignment,
                revision=revision,
                shown_order=assignment.order,
                guideline_id=assignment.guideline_id,
                suggestion=assignment.suggestion,
                made_at=at,
                **kept,
            )
            _KEEP.run(judgment)
            if has_draft(assignment):
                drop_draft(assignment=assignment)
            _reconsider(assignment)
    if judgment is None:
        raise LeaseLost("This item is no longer kept for you.")
    return judgment


def _reconsider(assignment: Assignment) -> None:
    """What an answer changes of its item, whose seats the caller holds: how many are asked, how far they
    differ."""
    if _weighs(assignment):
        reconsider_seats(item=assignment.item)
    if _may_differ(assignment):
        reconsider_doubt(item=assignment.item)


def _weighs(assignment: Assignment) -> bool:
    """Whether the number of people asked depends on this answer."""
    return assignment.seated and seats_follow_answers(project=assignment.item.project)


def _may_differ(assignment: Assignment) -> bool:
    """Whether this answer may differ from another person's; a hidden repeat is nobody's second vote."""
    several = assignment.item.project.most_overlap > 1 or not assignment.seated
    return several and assignment.round == 0 and assignment.judge.kind == JudgeKind.PERSON


@transaction.atomic
def revise_judgment(
    *,
    assignment: Assignment,
    expected_revision: int,
    answers: Mapping[str, Any],
    seconds: float | None = None,
    confirmed: bool = True,
) -> Judgment:
    """Change an answer that was given: a new revision under the guidelines of today; the old one stays.

    Raises InvalidAnswer or UnlikelyAnswer, or StaleEdit when ``expected_revision`` is not the one that
    counts any more.
    """
    found = clean_answers(assignment=assignment, answers=answers, confirmed=confirmed)
    item = assignment.item
    if _weighs(assignment) or _may_differ(assignment):
        hold_seats(item_id=item.pk)
    counted = assignment.judgments.filter(state=JudgmentState.CURRENT, revision=expected_revision)
    if assignment.state != AssignmentState.DONE or not counted.update(state=JudgmentState.REPLACED):
        raise StaleEdit("This answer was changed or opened again meanwhile.")
    Assignment.objects.filter(pk=assignment.pk).update(revisions=expected_revision + 1)
    judgment = Judgment.objects.create(
        assignment=assignment,
        revision=expected_revision + 1,
        answers=found.answers,
        shown_order=assignment.order,
        seconds=seconds,
        guideline=current_guideline(project_id=item.project_id),
        suggestion=assignment.suggestion,
    )
    _reconsider(assignment)
    return judgment
