"""A release folder as one zip file: the same folder gives the same bytes."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

# The first date that a zip file can say; the files' own would differ from one machine to the next.
DATE = (1980, 1, 1, 0, 0, 0)
PIECE = 1 << 20


def zip_folder(folder: Path, out: Path, *, progress: Callable[[int], object] = lambda done: None) -> None:
    """Write every file of ``folder`` to ``out``, by name; ``progress`` is told the bytes read so far.

    Parquet is stored as it is: it is compressed already. The file takes its name once it is whole.
    """
    making = out.with_name(f".{uuid.uuid4().hex}.zip")
    try:
        _write(folder, making, progress)
        making.replace(out)
    finally:
        making.unlink(missing_ok=True)


def _write(folder: Path, out: Path, progress: Callable[[int], object]) -> None:
    done = 0
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".parquet" else zipfile.ZIP_DEFLATED
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    done += len(piece)
                    progress(done)
