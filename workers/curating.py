"""Handlers: prepare what a recipe's page shows of many pairs, and freeze or export releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User

from annotate.models import Job, Project
from curation.models import Recipe, Release
from curation.services.archives import make_archive
from curation.services.evaluating import evaluate_recipe
from curation.services.recipes import preview_recipe
from curation.services.releasing import freeze_release
from workers.alive import kept_alive
from workers.embedded import embed_cached
from workers.publishing import publish


def prepare_preview(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Write the table and compute every slow column that the steps read; pages then read both."""
    assert job.project is not None
    asked = {key: job.payload[key] for key in ("steps", "pool", "method", "question")}
    with kept_alive(progress):
        preview = preview_recipe(project=job.project, **asked)
    return {"pairs": preview.pairs, "kept": preview.kept}


def freeze_or_export(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Freeze a recipe as it was when it was asked for, pack a release in a format, send it elsewhere, or
    evaluate its recipe."""
    assert job.project is not None
    with kept_alive(progress) as alive:
        for name, act in (("export", export), ("publish", publish), ("evaluate", evaluate)):
            if name in job.payload:
                return act(job, alive)
        return freeze(job, alive)


def export(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    release = Release.objects.get(pk=job.payload["release"], project=job.project)
    make_archive(release=release, format=job.payload["export"], progress=progress)
    return {"release": release.version, "format": job.payload["export"]}


def evaluate(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Whether the release's recipe helps, on what is settled now."""
    release = Release.objects.get(pk=job.payload["release"], project=job.project)
    found = evaluation(release.project, release.recipe, job.payload["evaluate"])
    return {"release": release.version, "evaluation": found}


def evaluation(project: Project, recipe: Mapping[str, Any], seeds: int) -> dict[str, Any]:
    asked = {name: recipe.get(name, "") for name in ("steps", "pool", "method", "question")}
    return evaluate_recipe(project=project, embed=embed_cached, seeds=seeds, **asked)


def freeze(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    assert job.project is not None
    recipe = Recipe.objects.get(pk=job.payload["recipe"], project=job.project)
    asked = recipe.versions.get(version=job.payload["version"])
    for field in ("steps", "pool", "method", "question", "version"):
        setattr(recipe, field, getattr(asked, field))
    seeds = job.payload.get("evaluate_first", 0)
    release = freeze_release(
        project=job.project,
        recipe=recipe,
        by=User.objects.filter(pk=job.payload["by"]).first(),
        format=job.payload["format"],
        options=job.payload["options"],
        acknowledge=job.payload["acknowledge"],
        evaluation=evaluation(job.project, vars(recipe), seeds) if seeds else None,
        progress=progress,
    )
    make_archive(release=release)
    return {"release": release.version, "rows": release.rows}
