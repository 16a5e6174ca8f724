from __future__ import annotations

from django.core.cache import cache
from django.db.models import BigAutoField, Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from annotate.models import Guideline, GuidelineReading, Judgment, Project
from annotate.prepared import Prepared

_LATEST = Prepared(
    lambda project: Guideline.objects.filter(project=project).order_by("-version")[:1],
    project=BigAutoField(),
)


def current_guideline(*, project_id: int) -> Guideline | None:
    return _LATEST.first(project=project_id)


def guideline_versions(project: Project) -> list[Guideline]:
    """All versions, the latest first, with how many people have read each and how many answers were given
    under it."""
    readings = GuidelineReading.objects.filter(guideline=OuterRef("pk")).order_by().values("guideline")
    answers = Judgment.objects.filter(guideline=OuterRef("pk")).order_by().values("guideline")
    counted = project.guidelines.annotate(
        n_readings=Coalesce(Subquery(readings.annotate(n=Count("pk")).values("n")), 0),
        n_answers=Coalesce(Subquery(answers.annotate(n=Count("pk")).values("n")), 0),
    )
    return list(counted.order_by("-version"))


def is_unread(guideline: Guideline | None, *, user_id: int) -> bool:
    """Whether this version has still to be put before this person."""
    if guideline is None:
        return False
    # Once read is read for good: only that is kept in mind.
    name = f"read:{guideline.pk}:{user_id}"
    if cache.get(name):
        return False
    read = GuidelineReading.objects.filter(guideline=guideline, user_id=user_id).exists()
    if read:
        cache.set(name, True)
    return not read
