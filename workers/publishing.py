"""Send releases to other places, for the worker and for the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.errors import InvalidSetting
from annotate.models import Job
from curation.models import Release
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
            folder, asked["repository"], tag=folder.name, key_name=asked["key_name"],
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


def to_hub(
    folder: Path,
    repository: str,
    *,
    tag: str,
    key_name: str,
    private: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    from workers.runtime.targets import push_to_hub

    endpoint = hub_endpoint()
    return push_to_hub(
        folder, repository, tag=tag, endpoint=endpoint, token=endpoint_key(name=key_name, url=endpoint),
        private=private, progress=lambda done: progress(done // 1024),
    )  # fmt: skip


def to_storage(folder: Path, url: str, progress: Callable[[int], None] = lambda done: None) -> str:
    from workers.runtime.targets import push_folder

    return push_folder(folder, url, progress=lambda done: progress(done // 1024))


def hub_endpoint() -> str:
    if settings.WINNOW_HUB_ENDPOINT:
        return str(settings.WINNOW_HUB_ENDPOINT)
    from huggingface_hub.constants import ENDPOINT

    return str(ENDPOINT)
