"""Parquet as releases write it: one schema, one compression, fixed row groups, page checksums.

Within one version of Arrow the same batches give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 4096


class ParquetFile:
    """A Parquet file being written batch by batch; a context manager, which closes it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(
            path,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=3,
            use_dictionary=True,
            write_statistics=True,
            write_page_checksum=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch, row_group_size=ROW_GROUP)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file, a part of a row group at a time, with every page's checksum compared.

    Raises Arrow's errors (ArrowException, OSError) for a damaged file.
    """
    with pq.ParquetFile(path, page_checksum_verification=True) as source:
        for batch in source.iter_batches(batch_size=1024):
            yield from batch.to_pylist()


def schema_words(schema: pa.Schema) -> dict[str, str]:
    """Columns and their types in words, for the manifest."""
    return {field.name: str(field.type) for field in schema}
