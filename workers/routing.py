"""Handlers: learn a policy and route by it, replay policies, and look for labels to check again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from annotate.models import Job
from curation.selectors.rechecks import recheck_queue
from curation.selectors.replays import Embed, replay_project
from curation.services.mixture_jobs import folder_of, write_mixtures
from curation.services.mixtures import scored_policy
from curation.services.routing import make_policy_and_route
from workers.alive import kept_alive
from workers.embedded import embed_cached


def learn_and_route(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Train, make the next version, and route by it. A version that came in between goes first: what was
    learned before it is not put over it."""
    assert job.project is not None
    last = job.project.policies.order_by("-version").values_list("version", flat=True).first() or 0
    if last != job.payload["after"]:
        return {"superseded": last}
    return asdict(make_policy_and_route(project=job.project, embed=_embed(progress), **_policy_asked(job)))


def _policy_asked(job: Job) -> dict[str, Any]:
    """The arguments of ``make_policy``; where scores of mixtures came, with what they teach."""
    if "scores" not in job.payload:
        return dict(job.payload["policy"])
    mixtures = Job.objects.get(pk=job.payload["mixtures"], project=job.project)
    return scored_policy(folder_of(mixtures), job.payload["scores"], human_budget=job.payload["human_budget"])


def mix_labels(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    with kept_alive(progress):
        return write_mixtures(job=job)


def replay_policies(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    assert job.project is not None
    return replay_project(
        job.project,
        seeds=int(job.payload["seeds"]),
        judge=job.payload["judge"] or None,
        embed=_embed(progress),
        tick=lambda: progress(0),
    )


def look_again(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    assert job.project is not None
    return recheck_queue(job.project, embed=_embed(progress))


def _embed(progress: Callable[[int], None]) -> Embed:
    """Embeddings through the cache, with a sign of life after each slice."""

    def embed_all(texts: Sequence[str]) -> Any:
        return embed_cached(texts, alive=lambda done: progress(0))

    return embed_all
