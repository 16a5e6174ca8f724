from __future__ import annotations

from django.db.models import Case, QuerySet, Value, When

from annotate.enums import FlagState
from annotate.models import Flag, Project


def flags_of(project: Project) -> QuerySet[Flag]:
    """Every flag: the open ones first and of them the oldest first."""
    return (
        Flag.objects.filter(assignment__item__project=project)
        .select_related("assignment__item", "assignment__judge__user", "answered_by")
        .annotate(is_at_rest=Case(When(state=FlagState.OPEN, then=Value(0)), default=Value(1)))
        .order_by("is_at_rest", "made_at", "pk")
    )


def open_flags(project: Project) -> int:
    return Flag.objects.filter(assignment__item__project=project, state=FlagState.OPEN).count()
