"""Handlers: learn a policy and route by it, replay policies, and look for labels to check again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from annotate.models import Job
from curation.selectors.rechecks import recheck_queue
from curation.selectors.replays import Embed, replay_project
from curation.services.routing import make_policy_and_route
from workers.embedded import embed_cached


def learn_and_route(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Train, make the next version, and route by it. A version that came in between goes first: what was
    learned before it is not put over it."""
    assert job.project is not None
    last = job.project.policies.order_by("-version").values_list("version", flat=True).first() or 0
    if last != job.payload["after"]:
        return {"superseded": last}
    return asdict(make_policy_and_route(project=job.project, embed=_embed(progress), **job.payload["policy"]))


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
