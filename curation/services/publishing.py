"""Send a release to where others find it: asked for here, done by a worker."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.views.decorators.debug import sensitive_variables

from annotate.enums import JobKind, JobState
from annotate.errors import InvalidSetting
from annotate.models import Job
from annotate.services.jobs import enqueue_job
from curation.models import Release
from curation.services.hub_tokens import keep_hub_token, opened_hub_token
from curation.services.releasing import chosen_format

HUB = "hub"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def target_names() -> list[str]:
    """Where a release can be sent: a hub, and what whoever runs Winnow has named."""
    return [HUB, *sorted(settings.WINNOW_RELEASE_TARGETS)]


@sensitive_variables("token")
def ask_to_publish(
    *,
    release: Release,
    to: str,
    by: User,
    repository: str = "",
    token: str = "",
    key_name: str = "",
    private: bool = True,
    format: str = "",
) -> Job:
    """Leave sending a release to a worker. Raises InvalidSetting.

    For a hub: ``repository`` is owner/name; ``token`` is kept sealed for ``by`` from here on, and empty means
    the one that is kept; ``key_name`` is the name of one in the workers' environment instead. The job knows
    whose token or which name, and no token.
    """
    asked: dict[str, Any] = checked_target(to=to, repository=repository)
    chosen_format(format or release.format, None)
    asked |= token_asked(by=by, token=token, key_name=key_name) if to == HUB else {}
    payload: dict[str, Any] = {"release": release.pk, "publish": to, "format": format, **asked}
    payload |= {"private": bool(private)} if to == HUB else {}
    kept = {f"payload__{key}": value for key, value in payload.items()}
    again = release.project.jobs.filter(kind=JobKind.RELEASE, state=JobState.DONE, **kept)
    files = release.manifest.get("written", {}).get("files", {}).values()
    size = sum(entry["bytes"] for entry in files) // 1024
    return enqueue_job(
        kind=JobKind.RELEASE, project=release.project, payload=payload | {"again": again.count()}, total=size
    )


def checked_target(*, to: str, repository: str) -> dict[str, str]:
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
    return {"repository": repository}


@sensitive_variables("token")
def token_asked(*, by: User, token: str, key_name: str) -> dict[str, Any]:
    """Which token a job shall use: the name of one that workers have, or whose own. Raises InvalidSetting."""
    if key_name and token.strip():
        raise InvalidSetting(
            "One token is enough.",
            field="key_name",
            cure="Type a token or name one of the workers', not both.",
        )
    if key_name:
        return {"key_name": key_name}
    if token.strip():
        keep_hub_token(user=by, token=token)
    opened_hub_token(user_id=by.pk)
    return {"token_of": by.pk}


def publications_of(release: Release) -> list[Job]:
    """Where the release was sent, the latest first."""
    done = release.project.jobs.filter(kind=JobKind.RELEASE, state=JobState.DONE, payload__release=release.pk)
    return [job for job in done.order_by("-finished_at") if job.result.get("address")]
