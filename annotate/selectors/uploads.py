"""Uploads that wait: a look at their first records, for a person to say what their columns are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.readers.foreign.source import Found
from annotate.readers.limits import DEFAULT_LIMITS
from annotate.readers.records import read_records
from annotate.readers.rows import Defect

SHOWN = 10


@dataclass(frozen=True, slots=True)
class FirstRecords:
    """``columns`` in the order first met; ``defects`` are records that cannot be read."""

    columns: list[str]
    records: list[dict[str, Any]]
    defects: list[Defect]


def upload_path(name: str) -> Path:
    return Path(settings.WINNOW_HOME) / "uploads" / Path(name).name


def first_records(path: Path) -> FirstRecords:
    """The first ten records. Raises FileRefused where the file holds none that can be read."""
    seen = list(islice(read_records(path, limits=DEFAULT_LIMITS), SHOWN))
    records = [found.row for found in seen if isinstance(found, Found)]
    columns = list(dict.fromkeys(name for record in records for name in record))
    return FirstRecords(columns, records, [found for found in seen if isinstance(found, Defect)])
