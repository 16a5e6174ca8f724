"""Handler: import a file that was uploaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.enums import ImportMode
from annotate.models import Job
from annotate.services.importing import import_items


def import_upload(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Import the stored upload and remove it; a refusal fails the job with the first defect as its reason."""
    assert job.project is not None
    path = Path(settings.WINNOW_HOME) / "uploads" / Path(job.payload["upload"]).name
    report = import_items(
        project=job.project, path=path, name=job.payload["name"], mode=ImportMode(job.payload["mode"])
    )
    path.unlink(missing_ok=True)
    return report.counts()
