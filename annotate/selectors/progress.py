"""Counts for a project's pages: computed when asked for, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum

from annotate.enums import AssignmentState, JobState, JudgeKind, JudgmentState
from annotate.models import (
    Assignment,
    Candidate,
    Item,
    Job,
    Judge,
    Judgment,
    Project,
    QuarantinedRow,
    WorkerBeat,
)

# A worker beats every few seconds; silent for this long it counts as gone.
ALIVE_WITHIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class StageCounts:
    """The first five stages of a project in numbers."""

    items: int
    quarantined: int
    candidates: int
    pairs: int
    seats_wanted: int
    seats_taken: int
    judged_items: int
    judgments_by_people: int
    judgments_by_models: int
    unparseable: int


@dataclass(frozen=True, slots=True)
class JudgeProgress:
    """How far one judge is. ``left`` is what is open for them now."""

    done: int
    skipped: int
    left: int


def stage_counts(project: Project) -> StageCounts:
    items = Item.objects.filter(project=project)
    seats = items.aggregate(wanted=Sum("seats_wanted"), taken=Sum("seats_taken"))
    judgments = Judgment.objects.filter(assignment__item__project=project)
    current = judgments.filter(state=JudgmentState.CURRENT).aggregate(
        people=Count("pk", filter=Q(assignment__judge__kind=JudgeKind.PERSON)),
        models=Count("pk", filter=Q(assignment__judge__kind=JudgeKind.MODEL)),
        items=Count("assignment__item_id", distinct=True),
    )
    candidates = Candidate.objects.filter(item__project=project)
    return StageCounts(
        items=items.count(),
        quarantined=QuarantinedRow.objects.filter(run__project=project).count(),
        candidates=candidates.count(),
        pairs=candidates.filter(position=1).count(),
        seats_wanted=seats["wanted"] or 0,
        seats_taken=seats["taken"] or 0,
        judged_items=current["items"],
        judgments_by_people=current["people"],
        judgments_by_models=current["models"],
        unparseable=judgments.filter(state=JudgmentState.UNPARSEABLE).count(),
    )


def judge_progress(judge: Judge) -> JudgeProgress:
    states = Assignment.objects.filter(judge=judge).aggregate(
        done=Count("pk", filter=Q(state=AssignmentState.DONE)),
        skipped=Count("pk", filter=Q(state=AssignmentState.SKIPPED)),
    )
    had = Assignment.objects.filter(judge=judge).exclude(
        state__in=(AssignmentState.EXPIRED, AssignmentState.LEASED)
    )
    left = Item.objects.filter(project_id=judge.project_id).filter(
        Q(is_open=True) | Q(assignments__in=judge.assignments.filter(state=AssignmentState.LEASED))
    )
    return JudgeProgress(
        done=states["done"],
        skipped=states["skipped"],
        left=left.exclude(assignments__in=had).distinct().count(),
    )


def jobs_of(project: Project) -> QuerySet[Job]:
    """The project's jobs as a person thinks of them: split ones as one, the latest first."""
    return project.jobs.filter(parent=None).order_by("-pk")


def open_jobs_of(project: Project) -> QuerySet[Job]:
    return jobs_of(project).filter(state__in=(JobState.WAITING, JobState.RUNNING, JobState.SPLIT))


def workers_alive(*, at: datetime) -> QuerySet[WorkerBeat]:
    return WorkerBeat.objects.filter(seen_at__gte=at - ALIVE_WITHIN).order_by("name")


def judges_of(project: Project) -> QuerySet[Judge]:
    """Judges with the number of their current judgments, the busiest first."""
    current = Q(assignments__judgments__state=JudgmentState.CURRENT)
    return (
        Judge.objects.filter(project=project)
        .annotate(n_judgments=Count("assignments__judgments", filter=current))
        .order_by(F("n_judgments").desc(), "pk")
    )
