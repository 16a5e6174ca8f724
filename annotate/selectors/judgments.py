from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotate.enums import AssignmentState, JudgmentState
from annotate.models import Assignment, Judge, Judgment, Project


@dataclass(frozen=True, slots=True)
class Vote:
    """One judge's current preference on one item."""

    item_id: int
    judge_id: int
    kind: str
    preference: int | str


def current_judgments(project: Project) -> QuerySet[Judgment]:
    return (
        Judgment.objects.filter(assignment__item__project=project, state=JudgmentState.CURRENT)
        .select_related("assignment__judge")
        .order_by("pk")
    )


def votes_of(project: Project, *, item_ids: Sequence[int] | None = None) -> list[Vote]:
    """Every current preference of a project, in a fixed order."""
    judgments = current_judgments(project).filter(answers__has_key="preference")
    if item_ids is not None:
        judgments = judgments.filter(assignment__item_id__in=item_ids)
    rows = judgments.order_by("assignment__item_id", "assignment__judge_id").values_list(
        "assignment__item_id", "assignment__judge_id", "assignment__judge__kind", "answers"
    )
    return [Vote(item, judge, kind, answers["preference"]) for item, judge, kind, answers in rows]


def votes_by_item(votes: Sequence[Vote]) -> dict[int, list[Vote]]:
    grouped: dict[int, list[Vote]] = defaultdict(list)
    for vote in votes:
        grouped[vote.item_id].append(vote)
    return grouped


def history_of(judge: Judge) -> QuerySet[Assignment]:
    """What the judge answered or passed, the latest first."""
    return (
        Assignment.objects.filter(judge=judge, state__in=(AssignmentState.DONE, AssignmentState.SKIPPED))
        .select_related("item")
        .order_by("-done_at", "-pk")
    )


def judgments_on(item: Any) -> QuerySet[Judgment]:
    """All judgments on an item, history included, in the order they were made."""
    return (
        Judgment.objects.filter(assignment__item=item)
        .select_related("assignment__judge", "assignment__judge__user", "guideline")
        .order_by("made_at", "pk")
    )
