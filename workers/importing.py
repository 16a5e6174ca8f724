"""Handler: import a file that was uploaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from annotate.enums import ImportMode
from annotate.models import Job
from annotate.services.importing import import_items
from workers.alive import kept_alive
from workers.uploads import read_upload


def import_upload(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Import the stored upload; a refusal fails the job with the first defect as its reason."""

    def take(path: Path) -> dict[str, Any]:
        assert job.project is not None
        with kept_alive(progress):
            report = import_items(
                project=job.project,
                path=path,
                name=job.payload["name"],
                mode=ImportMode(job.payload["mode"]),
                by=User.objects.filter(pk=job.payload.get("by")).first(),
                source=job.payload.get("source", ""),
                mapping=job.payload.get("mapping") or None,
            )
        return report.counts()

    return read_upload(job, take)
