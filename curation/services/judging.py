"""Stage 5 for models: ask a model judge about the items that were routed to models."""

from __future__ import annotations

from annotate.enums import JobKind, JobQueue
from annotate.errors import NothingToDo
from annotate.models import Assignment, Item, Job, Judge, Project
from annotate.selectors.items import pairable_items
from annotate.services.jobs import enqueue_job
from django.db.models import Exists, OuterRef, QuerySet

from curation.enums import Target
from curation.models import Route
from curation.services.routing import current_policy

CHUNK = 12


def items_for_models(*, project: Project, judge: Judge) -> QuerySet[Item]:
    """Items that the current policy sends to models and this judge has not had."""
    policy = current_policy(project=project)
    routed = Route.objects.filter(item=OuterRef("pk"), policy=policy, target__in=(Target.MODEL, Target.BOTH))
    had = Assignment.objects.filter(item=OuterRef("pk"), judge=judge)
    return pairable_items(project).filter(Exists(routed), ~Exists(had))


def ask_judge(*, project: Project, judge: Judge) -> Job:
    """Ask this model judge about everything routed to models. Raises NothingToDo when nothing is left."""
    units = list(items_for_models(project=project, judge=judge).values_list("pk", flat=True))
    if not units:
        raise NothingToDo(
            "No item is waiting for this judge.", cure="Route items to models first, or add items."
        )
    return enqueue_job(
        kind=JobKind.JUDGE,
        project=project,
        payload={"judge": judge.pk},
        queue=JobQueue.GPU,
        units=units,
        chunk_size=CHUNK,
    )
