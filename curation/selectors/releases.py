from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from annotate.models import Item, Project
from curation.enums import ReleaseState
from curation.models import Estimate, Recipe, Release, ReleaseRow


def releases_of(project: Project) -> QuerySet[Release]:
    """The project's releases, the latest first; one that is being made cannot be seen yet."""
    return project.releases.filter(state=ReleaseState.FROZEN).order_by("-version")


def access_release(*, project: Project, version: int) -> Release:
    return get_object_or_404(releases_of(project), version=version)


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
    frozen = item.release_rows.filter(release__state=ReleaseState.FROZEN)
    return frozen.select_related("release").order_by("release__version", "position")


def versions_of(recipe: Recipe) -> list[dict[str, Any]]:
    """A recipe's versions, the latest first, with the releases each made."""
    used: dict[int, list[int]] = {}
    for version, made in releases_of(recipe.project).values_list("version", "recipe"):
        if made.get("name") == recipe.name:
            used.setdefault(made.get("version", 0), []).append(version)
    return [
        {"version": one, "releases": sorted(used.get(one.version, []))}
        for one in recipe.versions.select_related("made_by").order_by("-version")
    ]
