"""Mixtures of labels by a worker: written as a zip file, and learned from when their scores come back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.enums import JobKind
from annotate.errors import InvalidSetting, NothingToDo
from annotate.keys import content_key
from annotate.models import Job, Project
from annotate.selectors.judgments import votes_of
from annotate.services.jobs import enqueue_job
from curation.selectors.labels import labelled_items
from curation.services.learning import LEAST_LABELS
from curation.services.mixtures import export_mixtures, read_scores

COUNT = 200
# A line of scores has some twenty characters.
MOST_BYTES = 1 << 20


def ask_for_mixtures(*, project: Project, count: int = COUNT, seed: int = 0) -> Job:
    """Leave the writing to a worker; asking twice about the same votes is asking once."""
    labelled = labelled_items(project)
    if labelled < LEAST_LABELS:
        raise NothingToDo(
            f"Only {labelled} items were judged by people and by a model; this needs {LEAST_LABELS}.",
            cure="Let a random share of the items go to people first.",
        )
    votes = content_key([[vote.item_id, vote.judge_id, vote.preference] for vote in votes_of(project)])
    payload = {"count": count, "seed": seed, "votes": votes}
    return enqueue_job(kind=JobKind.MIXTURES, project=project, payload=payload)


def write_mixtures(*, job: Job) -> dict[str, Any]:
    """The folder and its zip file beside it; what a killed worker left of them is thrown away."""
    from curation.formats.zipping import zip_folder

    assert job.project is not None
    folder, archive = folder_of(job), _archive(job)
    shutil.rmtree(folder, ignore_errors=True)
    found = export_mixtures(
        project=job.project, folder=folder, count=int(job.payload["count"]), seed=int(job.payload["seed"])
    )
    zip_folder(folder, archive)
    return {name: found[name] for name in ("pairs", "mixtures")}


def folder_of(job: Job) -> Path:
    return Path(settings.WINNOW_HOME) / "mixtures" / str(job.pk)


def archive_of_mixtures(job: Job) -> Path | None:
    return _archive(job) if job.kind == JobKind.MIXTURES and _archive(job).is_file() else None


def _archive(job: Job) -> Path:
    return folder_of(job).with_suffix(".zip")


def ask_to_learn_from_scores(
    *, project: Project, mixtures: Job, given: bytes, human_budget: int | None = None
) -> Job:
    """Leave learning from the scores of these mixtures, and routing by it, to a worker. Raises InvalidSetting
    where the scores do not fit."""
    if archive_of_mixtures(mixtures) is None:
        raise InvalidSetting("There are no mixtures here.", field="scores", cure="Write them first.")
    try:
        scores = read_scores(given.decode("utf-8-sig"), folder_of(mixtures))
    except UnicodeDecodeError as trouble:
        raise InvalidSetting(
            "The scores cannot be read.", field="scores", cure="Give a CSV file in UTF-8."
        ) from trouble
    last = project.policies.order_by("-version").values_list("version", flat=True).first() or 0
    payload = {"mixtures": mixtures.pk, "scores": scores, "human_budget": human_budget, "after": last}
    return enqueue_job(kind=JobKind.ROUTE, project=project, payload=payload)


def last_mixtures(project: Project) -> Job | None:
    """The latest mixtures that are ready to be taken away."""
    done = project.jobs.filter(kind=JobKind.MIXTURES).order_by("-pk")[:5]
    return next((job for job in done if archive_of_mixtures(job) is not None), None)
