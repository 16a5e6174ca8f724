"""Send a release to where others find it: asked for here, done by a worker."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

from annotate.enums import JobKind, JobState
from annotate.errors import InvalidSetting
from annotate.models import Job
from annotate.services.jobs import enqueue_job
from curation.models import Release
from curation.services.releasing import chosen_format

HUB = "hub"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def target_names() -> list[str]:
    """Where a release can be sent: a hub, and what whoever runs Winnow has named."""
    return [HUB, *sorted(settings.WINNOW_RELEASE_TARGETS)]


def ask_to_publish(
    *,
    release: Release,
    to: str,
    repository: str = "",
    key_name: str = "",
    private: bool = True,
    format: str = "",
) -> Job:
    """Leave sending a release to a worker. Raises InvalidSetting.

    ``repository`` and ``key_name`` are for a hub: owner/name, and the name under which workers know the
    token. The token itself is in their environment alone, so nothing is stored that could be read or lost.
    """
    asked = checked_target(to=to, repository=repository, key_name=key_name)
    chosen_format(format or release.format, None)
    payload: dict[str, Any] = {"release": release.pk, "publish": to, "format": format, **asked}
    payload |= {"private": bool(private)} if to == HUB else {}
    kept = {f"payload__{key}": value for key, value in payload.items()}
    again = release.project.jobs.filter(kind=JobKind.RELEASE, state=JobState.DONE, **kept)
    files = release.manifest.get("written", {}).get("files", {}).values()
    size = sum(entry["bytes"] for entry in files) // 1024
    return enqueue_job(
        kind=JobKind.RELEASE, project=release.project, payload=payload | {"again": again.count()}, total=size
    )


def checked_target(*, to: str, repository: str, key_name: str) -> dict[str, str]:
    """What a job needs to know of the place. Raises InvalidSetting."""
    if to not in target_names():
        raise InvalidSetting(
            f"There is no place called {to!r}.", field="to",
            cure="Whoever runs Winnow names places in WINNOW_RELEASE_TARGETS.",
        )  # fmt: skip
    if to != HUB:
        return {}
    if not REPOSITORY.fullmatch(repository):
        raise InvalidSetting(
            "A repository is called owner/name.", field="repository", cure="Write it so, without an address."
        )
    if not key_name:
        raise InvalidSetting(
            "A hub wants a token.", field="key_name",
            cure="Name one of those in WINNOW_ENDPOINT_KEYS of the workers.",
        )  # fmt: skip
    return {"repository": repository, "key_name": key_name}


def publications_of(release: Release) -> list[Job]:
    """Where the release was sent, the latest first."""
    done = release.project.jobs.filter(kind=JobKind.RELEASE, state=JobState.DONE, payload__release=release.pk)
    return [job for job in done.order_by("-finished_at") if job.result.get("address")]
