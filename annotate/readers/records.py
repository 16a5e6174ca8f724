"""Bare records of a file, whatever they mean: JSON lines, one JSON array, a table, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from annotate.readers.csv_rows import read_csv
from annotate.readers.faults import RowFault
from annotate.readers.foreign.source import Found
from annotate.readers.json_array import array_elements
from annotate.readers.limits import Limits
from annotate.readers.lines import Line, lines, open_blocks
from annotate.readers.parquet_rows import is_parquet, read_parquet
from annotate.readers.rows import WHOLE_FILE, Defect
from annotate.readers.strict_json import read_object


def read_records(path: Path, *, limits: Limits) -> Iterator[Found | Defect]:
    """Each record with its place, or a defect. Raises FileRefused where nothing of the file can be read."""
    if is_parquet(path):
        for found in read_parquet(path, limits=limits)[1]:
            if found.fault is not None:
                yield found.fault.at(line=WHOLE_FILE, record=found.record)
            else:
                yield Found(WHOLE_FILE, found.record, found.cells)
        return
    blocks = open_blocks(path, limits=limits)
    first = next(blocks)
    blocks = chain([first], blocks)
    start = first.lstrip()
    if start.startswith(b"["):
        yield from _objects(array_elements(blocks, limits=limits), limits)
    elif start.startswith(b"{"):
        yield from _objects(lines(blocks, limits=limits), limits)
    else:
        yield from _cells(blocks, limits)


def _objects(found: Iterator[Line], limits: Limits) -> Iterator[Found | Defect]:
    for number, line in enumerate(found, start=1):
        try:
            if line.too_long:
                raise RowFault("too_long", f"longer than {limits.max_line_bytes >> 20} MiB")
            yield Found(line.number, number, read_object(line.data, limits=limits))
        except RowFault as fault:
            yield fault.at(line=line.number, record=number)


def _cells(blocks: Iterator[bytes], limits: Limits) -> Iterator[Found | Defect]:
    for found in read_csv(blocks, limits=limits)[1]:
        if found.fault is not None:
            yield found.fault.at(line=found.line, line_end=found.line_end, record=found.record)
        else:
            yield Found(found.line, found.record, dict(found.cells))
