"""Handler: a table of scores that was uploaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotate.models import Job
from curation.services.score_tables import keep_score_table
from workers.uploads import read_upload


def read_score_table(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Keep the scores of the stored upload; a refusal fails the job with its defects."""

    def take(path: Path) -> dict[str, Any]:
        assert job.project is not None
        name = job.payload["name"]
        return asdict(keep_score_table(project=job.project, path=path, name=name, alive=progress))

    return read_upload(job, take)
