from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotate.readers.reading import read_items
from annotate.readers.rows import Defect, ItemRow

ReadRows = Callable[..., list[ItemRow | Defect]]


@pytest.fixture
def read_rows(tmp_path: Path) -> ReadRows:
    """Write the rows as JSON lines and read them back."""

    def read(*rows: dict[str, Any]) -> list[ItemRow | Defect]:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return list(read_items(path))

    return read


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., list[ItemRow | Defect]]:
    """Write the bytes to a file of that name and read it."""

    def read(data: bytes, name: str) -> list[ItemRow | Defect]:
        path = tmp_path / name
        path.write_bytes(data)
        return list(read_items(path))

    return read
