"""Stage 5 for models: ask a model judge about the items that were routed to models."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from annotate.enums import JobKind, JobQueue, JudgeKind
from annotate.errors import NothingToDo
from annotate.models import Assignment, Item, Job, Project
from annotate.selectors.items import pairable_items
from annotate.services.jobs import enqueue_job
from curation.enums import Target
from curation.models import Route
from curation.selectors.policies import current_policy

CHUNK = 12


def items_for_models(*, project: Project) -> QuerySet[Item]:
    """Items with a pair that the current policy sends to models."""
    policy = current_policy(project=project)
    routed = Route.objects.filter(item=OuterRef("pk"), policy=policy, target__in=(Target.MODEL, Target.BOTH))
    return pairable_items(project).filter(Exists(routed))


def ask_local_judge(*, project: Project) -> Job:
    """Ask the packaged model about everything routed to models that no local judge has answered.

    The worker makes the Judge row, for only it can say which weights and template it runs. Raises
    NothingToDo.
    """
    answered = Assignment.objects.filter(
        item=OuterRef("pk"), judge__kind=JudgeKind.MODEL, judge__recorded=False
    )
    units = list(items_for_models(project=project).filter(~Exists(answered)).values_list("pk", flat=True))
    if not units:
        raise NothingToDo(
            "No item is waiting for a model judge.", cure="Route items to models first, or add items."
        )
    return enqueue_job(
        kind=JobKind.JUDGE,
        project=project,
        payload={"backend": "local"},
        queue=JobQueue.GPU,
        units=units,
        chunk_size=CHUNK,
    )
