from __future__ import annotations

from django.db.models import QuerySet

from annotate.models import Membership, Project


def members_of(project: Project) -> QuerySet[Membership]:
    return project.memberships.select_related("user").order_by("user__username", "pk")
