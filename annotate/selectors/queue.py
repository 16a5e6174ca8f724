from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from annotate.enums import AssignmentState
from annotate.keys import content_key
from annotate.models import Assignment, Item, Judge


def open_leases(*, judge: Judge) -> QuerySet[Assignment]:
    """What the judge holds now, the oldest first."""
    return (
        Assignment.objects.filter(judge=judge, state=AssignmentState.LEASED, leased_until__gte=Now())
        .select_related("item", "item__project", "judge")
        .order_by("taken_at", "pk")
    )


def open_items(*, judge: Judge) -> QuerySet[Item]:
    """Items with a free seat that this judge has not had; a lease of theirs that lapsed counts as not had."""
    had = Assignment.objects.filter(item=OuterRef("pk"), judge=judge).exclude(state=AssignmentState.EXPIRED)
    return Item.objects.filter(~Exists(had), project_id=judge.project_id, is_open=True).order_by("key")


def next_open_item(*, judge: Judge) -> Item | None:
    """The next item on the judge's ring. Item keys are hashes, so their order is already a shuffle, and each
    judge starts at a place of their own: two judges rarely meet at one item, and no query sorts or counts."""
    cursor = judge.queue_cursor or content_key("ring", judge.project_id, judge.pk)
    items = open_items(judge=judge).select_related("project")
    return items.filter(key__gt=cursor).first() or items.first()
