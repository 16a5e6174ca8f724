"""Send releases to other places, for the worker and for the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from annotate.errors import InvalidSetting
from annotate.models import Job
from curation.models import Release
from curation.services.hub_tokens import hub_endpoint, opened_hub_token
from curation.services.publishing import HUB
from curation.services.releasing import release_folder
from workers.keys import endpoint_key


def publish(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Send the release as the job says; what had arrived before a kill is not sent again."""
    asked = job.payload
    release = Release.objects.get(pk=asked["release"], project=job.project)
    folder = release_folder(release=release, format=asked["format"] or None)
    if asked["publish"] == HUB:
        address = to_hub(
            folder, asked["repository"], tag=folder.name, token=token_for(asked),
            private=asked["private"], progress=progress,
        )  # fmt: skip
    else:
        place = settings.WINNOW_RELEASE_TARGETS.get(asked["publish"])
        if place is None:
            raise InvalidSetting(
                f"This worker knows no place called {asked['publish']}.", field="to",
                cure="Give workers and web the same WINNOW_RELEASE_TARGETS.",
            )  # fmt: skip
        address = to_storage(folder, f"{place.rstrip('/')}/{release.project.slug}/{folder.name}", progress)
    return {"release": release.version, "to": asked["publish"], "address": address}


def token_for(asked: Mapping[str, Any]) -> str:
    """The token that a job names: of a person, or by its name in this worker's environment. Raises
    InvalidSetting."""
    if "token_of" in asked:
        return opened_hub_token(user_id=asked["token_of"])
    if not asked["key_name"]:
        raise InvalidSetting(
            "A hub wants a token.", field="key_name",
            cure="Name one of those in WINNOW_ENDPOINT_KEYS of the workers.",
        )  # fmt: skip
    return endpoint_key(name=asked["key_name"], url=hub_endpoint())


@sensitive_variables("token")
def to_hub(
    folder: Path,
    repository: str,
    *,
    tag: str,
    token: str,
    private: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    from workers.runtime.targets import push_to_hub

    return push_to_hub(
        folder, repository, tag=tag, endpoint=hub_endpoint(), token=token, private=private,
        progress=lambda done: progress(done // 1024),
    )  # fmt: skip


def to_storage(folder: Path, url: str, progress: Callable[[int], None] = lambda done: None) -> str:
    from workers.runtime.targets import push_folder

    return push_folder(folder, url, progress=lambda done: progress(done // 1024))
