from __future__ import annotations

from django.db.models import QuerySet

from annotate.models import Guideline, Membership, Project


def members_of(project: Project) -> QuerySet[Membership]:
    return project.memberships.select_related("user").order_by("user__username", "pk")


def guidelines_of(project: Project) -> QuerySet[Guideline]:
    """All versions, the latest first."""
    return project.guidelines.order_by("-version")
