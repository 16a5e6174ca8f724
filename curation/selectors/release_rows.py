"""Rows of a release to look at, in the shape of one of its formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def first_rows(path: Path, *, limit: int = 5) -> list[dict[str, Any]]:
    """The first rows of a release as they were frozen; none where its file is gone."""
    from curation.formats.table import read_rows

    if not path.is_file():
        return []
    columns = ["id", "chosen", "rejected", "margin", "split", "first", "second", "soft_label", "weight"]
    return read_rows(path, list(range(limit)), columns=columns)
