"""Parquet tables, read in small batches with page checksums verified: each record as plain values by name.

A footer may lie about sizes, and a dictionary may stand for far more text than the file has bytes: what is
counted is what comes out, and reading stops at the limits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from annotate.readers.faults import RowFault, refuse, safe_name
from annotate.readers.limits import Limits

MAGIC = (b"PAR1", b"PARE")
BATCH = 64
_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True, slots=True)
class ParquetRecord:
    """One row, its empty cells left out, or the fault that makes it useless. Records count from 1."""

    record: int
    cells: dict[str, Any]
    fault: RowFault | None


def is_parquet(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in MAGIC


def read_parquet(path: Path, *, limits: Limits) -> tuple[dict[str, Any], Iterator[ParquetRecord]]:
    """The columns with their Arrow types, and the records. Raises FileRefused for what is no whole table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as trouble:
        raise _damaged() from trouble
    _check_names(schema.names, limits)
    kept = [name for name in schema.names if not _INDEX.fullmatch(name)]
    columns = {name: schema.field(name).type for name in kept}
    return columns, _records(file, kept, path.stat().st_size, limits)


def _damaged() -> Exception:
    return refuse("bad_parquet", "the file begins like Parquet and cannot be read as it")


def _check_names(names: list[str], limits: Limits) -> None:
    if len(names) > limits.max_columns:
        raise refuse("too_many_columns", f"{len(names):,} columns")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refuse("duplicate_column", "two columns have the same name", field=safe_name(name))
        seen.add(name)


def _records(file: Any, names: list[str], size: int, limits: Limits) -> Iterator[ParquetRecord]:
    import pyarrow as pa

    made, record = 0, 0
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=names, use_threads=False):
            decoded = [_decoded(column) for column in batch.columns]
            made += sum(column.nbytes for column in decoded)
            if made > limits.max_bytes:
                raise refuse("too_big", f"the table holds more than {limits.max_bytes >> 20:,} MiB")
            if made > limits.expand_floor and made > size * limits.max_expand_ratio:
                raise refuse("too_big", f"the table unpacks to over {limits.max_expand_ratio} times its size")
            columns = [(name, _values(column)) for name, column in zip(names, decoded, strict=True)]
            for place in range(batch.num_rows):
                record += 1
                yield _record(record, columns, place)
    except (pa.ArrowException, OSError) as trouble:
        raise _damaged() from trouble


def _decoded(column: Any) -> Any:
    """A dictionary's values written out: only then does their size count."""
    import pyarrow as pa

    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _values(column: Any) -> Any:
    """The column's values; text as bytes, for only so can a broken character be laid to its own row."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.binary() if pa.types.is_string(kind) else pa.large_binary()).to_pylist()
    return column


def _record(record: int, columns: list[tuple[str, Any]], place: int) -> ParquetRecord:
    cells: dict[str, Any] = {}
    try:
        for name, values in columns:
            value = _cell(values, place, name)
            if value is not None:
                cells[name] = value
    except RowFault as fault:
        return ParquetRecord(record, {}, fault)
    return ParquetRecord(record, cells, None)


def _cell(values: Any, place: int, name: str) -> Any:
    if isinstance(values, list):
        return None if values[place] is None else _text(values[place], name)
    try:
        return _plain(values[place].as_py(), name)
    except UnicodeDecodeError:
        raise RowFault("bad_utf8", "a text with bytes of no UTF-8 character", field=safe_name(name)) from None


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} of the text does not belong to any UTF-8 character"
        raise RowFault("bad_utf8", message, field=safe_name(name)) from None


def _plain(value: Any, name: str) -> Any:
    """The value as JSON would have it; within lists and structs, empty cells are left out of structs."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RowFault("bad_number", "a number that is not finite", field=safe_name(name))
        return value
    if isinstance(value, list | tuple):
        return [_plain(one, name) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one, name) for key, one in value.items() if one is not None}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    raise RowFault("wrong_type", f"a cell of {type(value).__name__}", field=safe_name(name))
