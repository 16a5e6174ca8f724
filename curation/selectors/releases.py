from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from annotate.models import Item, Project
from curation.models import Estimate, Recipe, Release, ReleaseRow


def releases_of(project: Project) -> QuerySet[Release]:
    """The project's releases, the latest first."""
    return project.releases.order_by("-version")


def access_release(*, project: Project, version: int) -> Release:
    return get_object_or_404(project.releases, version=version)


def access_recipe(*, project: Project, pk: int) -> Recipe:
    return get_object_or_404(project.recipes, pk=pk)


def estimates_of(project: Project) -> QuerySet[Estimate]:
    return (
        Estimate.objects.filter(item__project=project)
        .select_related("item")
        .order_by("item_id", "pool", "pk")
    )


def release_rows_of(item: Item) -> QuerySet[ReleaseRow]:
    """The releases an item is part of."""
    return item.release_rows.select_related("release").order_by("release__version")


def first_rows(release: Release, *, limit: int = 5) -> list[dict[str, Any]]:
    """The first rows of a release as they were frozen."""
    return list(release.frozen_rows.order_by("position").values_list("data", flat=True)[:limit])
