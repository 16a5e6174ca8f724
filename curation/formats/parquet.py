"""Parquet as releases write it: one schema, one compression, fixed row groups, page checksums.

Within one version of Arrow the same rows give the same bytes, whatever batches they come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1000

_TURNS = pa.list_(pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())]))

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("prompt", _TURNS, nullable=False),
        pa.field("chosen", _TURNS, nullable=False),
        pa.field("rejected", _TURNS, nullable=False),
        pa.field("strength", pa.float64(), nullable=False),
        pa.field("margin", pa.float64(), nullable=False),
        pa.field("confidence", pa.float64(), nullable=False),
        pa.field("n_judges", pa.int64(), nullable=False),
        pa.field("chosen_model", pa.string()),
        pa.field("rejected_model", pa.string()),
        pa.field("ln_ches", pa.float64()),
        pa.field("provenance", pa.string(), nullable=False),
    ]
)


class ParquetFile:
    """A Parquet file being written one record at a time; a context manager, which closes it."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(
            path,
            SCHEMA,
            version="2.6",
            compression="zstd",
            compression_level=3,
            use_dictionary=True,
            write_statistics=True,
            write_page_checksum=True,
        )
        self._waiting: list[Mapping[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
        finally:
            self._writer.close()

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one record of the schema; every ROW_GROUP of them make a row group."""
        self._waiting.append(record)
        if len(self._waiting) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_pylist(self._waiting, schema=SCHEMA)
            self._writer.write_table(table, row_group_size=ROW_GROUP)
            self._waiting = []


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file of this schema, a row group's worth at a time, with every page's checksum compared.

    Raises ValueError for another schema; Arrow's errors (ArrowException, OSError) for a damaged file.
    """
    with pq.ParquetFile(path, page_checksum_verification=True) as source:
        if not source.schema_arrow.equals(SCHEMA):
            raise ValueError("Its columns are not those of a release.")
        for batch in source.iter_batches(batch_size=ROW_GROUP):
            yield from batch.to_pylist()
