"""Uploads that a job reads once and removes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotate.errors import ImportRefused
from annotate.models import Job
from annotate.selectors.uploads import upload_path
from annotate.services.jobs import note_result


def read_upload(job: Job, take: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Give the job's upload to ``take`` and remove it, also where it is refused: what is wrong is told,
    and sending it again is easier than finding it here.

    What came of it is noted first, so that a worker killed before the job's end does not look for a file that
    is gone.
    """
    path = upload_path(job.payload["upload"])
    if job.result and not path.exists():
        return told_before(job.result)
    try:
        result = take(path)
    except ImportRefused as refused:
        note_result(job=job, result=refused.as_dict())
        path.unlink(missing_ok=True)
        raise
    note_result(job=job, result=result)
    path.unlink(missing_ok=True)
    return result


def told_before(result: dict[str, Any]) -> dict[str, Any]:
    if "error" not in result:
        return result
    told = {name: result[name] for name in ("defects", "total", "cure")}
    raise ImportRefused(result["message"], **told)
