"""Zip files of releases, for download: made by workers, given out by pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from annotate.enums import JobKind, JobState
from annotate.models import Job
from annotate.services.jobs import enqueue_job
from curation.models import Release
from curation.services.releasing import chosen_format, folder_of, format_folder, release_folder


def archive_of(release: Release, format: str = "") -> Path | None:
    """The zip file in this format, the release's own when empty; None where no worker has made it."""
    archive = _archive_path(release, format)
    return archive if archive.is_file() else None


def make_archive(
    *, release: Release, format: str = "", progress: Callable[[int], None] = lambda done: None
) -> Path:
    """The folder and its zip file beside it, each made once; ``progress`` is told of rows, all of them
    counted once while they are written and once while they are packed."""
    from curation.formats.zipping import zip_folder

    archive = _archive_path(release, format)
    if archive.is_file():
        return archive
    folder = release_folder(release=release, format=format or None, progress=progress)
    size = max(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()), 1)
    zip_folder(folder, archive, progress=lambda done: progress(release.rows + release.rows * done // size))
    return archive


def exports_of(release: Release) -> list[str]:
    """Formats besides its own that the release has been written in."""
    prefix = f"v{release.version}-"
    found = folder_of(release).parent.glob(f"{prefix}*.zip")
    return sorted(one.name.removeprefix(prefix).removesuffix(".zip") for one in found)


def ask_to_export(*, release: Release, format: str = "") -> Job:
    """Leave a zip file of a release, in its own format or another, to a worker."""
    name = format or release.format
    chosen_format(name, None)
    payload = {"release": release.pk, "export": name}
    # What was made once and is gone may be asked for again.
    earlier = release.project.jobs.filter(
        kind=JobKind.RELEASE, state=JobState.DONE, payload__release=release.pk, payload__export=name
    )
    return enqueue_job(
        kind=JobKind.RELEASE,
        project=release.project,
        payload=payload | {"again": earlier.count()},
        total=2 * release.rows,
    )


def _archive_path(release: Release, format: str) -> Path:
    folder = format_folder(release, format)
    return folder.with_name(f"{folder.name}.zip")
