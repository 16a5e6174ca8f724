"""Counts for a project's pages: computed when asked for, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import BigAutoField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

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
from annotate.prepared import PreparedValues

# A worker beats every few seconds; silent for this long it counts as gone.
ALIVE_WITHIN = timedelta(seconds=15)

# For so many seconds the number of open items is carried on by what its judge does, not counted anew. Long,
# for a check is answered without an open item less: counted after each answer, that would tell it.
COUNTED_FOR = 1800


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
        pairs=pair_count(project),
        seats_wanted=seats["wanted"] or 0,
        seats_taken=seats["taken"] or 0,
        judged_items=current["items"],
        judgments_by_people=current["people"],
        judgments_by_models=current["models"],
        unparseable=judgments.filter(state=JudgmentState.UNPARSEABLE).count(),
    )


def pair_count(project: Project) -> int:
    """Items with two responses or more."""
    return Candidate.objects.filter(item__project=project, position=1).count()


def _counted(**states: Any) -> Any:
    """How many assignments of a judge are in these states: one look into an index, without a join."""
    counted = Assignment.objects.filter(judge=OuterRef("pk"), **states).order_by().values("judge")
    return Coalesce(Subquery(counted.annotate(number=Count("pk")).values("number")), 0)


_ANSWERED = PreparedValues(
    lambda judge: Judge.objects.filter(pk=judge).values_list(
        _counted(state=AssignmentState.DONE),
        _counted(state__in=(AssignmentState.SKIPPED, AssignmentState.FLAGGED)),
    ),
    judge=BigAutoField(),
)


def judge_progress(judge: Judge) -> JudgeProgress:
    """Counted item by item. A flag counts as passed on."""
    done, skipped = _answered(judge)
    had = Assignment.objects.filter(judge=judge, item=OuterRef("pk")).exclude(
        state__in=(AssignmentState.EXPIRED, AssignmentState.LEASED)
    )
    held = Assignment.objects.filter(judge=judge, item=OuterRef("pk"), state=AssignmentState.LEASED)
    left = Item.objects.filter(
        Q(is_open=True, expertise__in=["", *judge.expertise]) | Exists(held),
        ~Exists(had),
        project_id=judge.project_id,
    )
    return JudgeProgress(done=done, skipped=skipped, left=left.count())


def running_progress(judge: Judge) -> JudgeProgress:
    """The last count carried on by what was done since: what it costs does not grow with the project."""
    done, skipped = _answered(judge)
    name = f"open-for:{judge.pk}"
    known: tuple[int, int] | None = cache.get(name)
    if known is None or done + skipped < known[0]:
        left = judge_progress(judge).left
        cache.set(name, (done + skipped, left), COUNTED_FOR)
        return JudgeProgress(done=done, skipped=skipped, left=left)
    then, left = known
    return JudgeProgress(done=done, skipped=skipped, left=max(1, left - (done + skipped - then)))


def _answered(judge: Judge) -> tuple[int, int]:
    """Counted anew, one entry of an index for each: about a millisecond for 10,000 answers of one person. A
    counter would be one more row to write with every label, and would have to follow undoing, importing and
    every way that an item goes."""
    ((done, passed_on),) = _ANSWERED.rows(judge=judge.pk)
    return done, passed_on


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
