"""The table of settled pairs: every column that recipes choose by and formats are made from.

One row per settled pair, in the order in which the items came. It is a Parquet file, so that a recipe reads
the columns it needs and no more, and an export reads row groups one after the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP = 4096
BATCH = 2048
# Bytes that may wait for a row group to be full.
MOST_WAITING = 1 << 25

TURN = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
TURNS = pa.list_(TURN)
SCORE = "score:"
QUESTION = b"winnow.question"

# Texts are those of the first and second candidate as stored; JSON columns hold what has no fixed shape.
COLUMNS = (
    ("id", pa.string()),
    ("item_key", pa.string()),
    ("prompt_key", pa.string()),
    ("prompt", TURNS),
    ("prompt_text", pa.string()),
    ("first", pa.string()),
    ("second", pa.string()),
    ("first_model", pa.string()),
    ("second_model", pa.string()),
    ("first_revision", pa.string()),
    ("second_revision", pa.string()),
    ("verdict", pa.int8()),
    ("preference", pa.float64()),
    ("confidence", pa.float64()),
    ("n_judges", pa.int32()),
    ("spread", pa.float64()),
    ("people_verdict", pa.int8()),
    ("models_verdict", pa.int8()),
    ("votes", pa.list_(pa.int8())),
    ("people_sides", pa.int32()),
    ("people_shown_first", pa.int32()),
    ("model_sides", pa.int32()),
    ("model_shown_first", pa.int32()),
    ("source", pa.string()),
    ("subject", pa.string()),
    ("meta", pa.string()),
    ("images", pa.string()),
    ("candidates", pa.string()),
    ("judgments", pa.string()),
    ("ratings", pa.string()),
    ("standings", pa.string()),
)

# What a recipe adds to a row that it keeps. Positions are −1 where no side is preferred; ``side`` says which
# of the two texts, in the order of their code points, is chosen: 0, 1, or −1.
MADE = (
    ("chosen_position", pa.int8()),
    ("rejected_position", pa.int8()),
    ("soft_label", pa.float64()),
    ("margin", pa.float64()),
    ("weight", pa.float64()),
    ("split", pa.string()),
    ("cluster", pa.int64()),
    ("masked", pa.bool_()),
    ("chosen", pa.string()),
    ("rejected", pa.string()),
    ("pair_key", pa.string()),
    ("side", pa.int8()),
)


def table_schema(scores: Iterable[str], *, question: str = "preference") -> pa.Schema:
    """The columns with one of floats for each score, sorted by name. ``question``: the preference that the
    pairs are about; it goes with the schema."""
    fields = [pa.field(name, kind) for name, kind in COLUMNS]
    floats = [pa.field(f"{SCORE}{name}", pa.float64()) for name in sorted(scores)]
    return pa.schema(fields + floats, metadata={QUESTION: question})


def frozen_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of a release's own rows: those of the table, and what the recipe made of them."""
    return pa.schema([*schema, *(pa.field(name, kind) for name, kind in MADE)], metadata=schema.metadata)


def question_of(schema: pa.Schema) -> str:
    """Key of the preference that the rows are about. Rows frozen before it was kept are about the one that
    every preset calls so."""
    return str((schema.metadata or {}).get(QUESTION, b"preference"), "utf-8")


class TableWriter:
    """Writes a table batch by batch, in row groups of a like size; a context manager. The same batches give
    the same bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = 0
        self._waiting: list[pa.RecordBatch] = []
        # LZ4: half as large again as Zstandard and a third quicker; these files stay in the house.
        self._writer = pq.ParquetWriter(
            path, schema, version="2.6", compression="lz4", write_page_checksum=True,
            use_dictionary=["source", "subject", "first_model", "second_model"],
            write_statistics=False,
        )  # fmt: skip

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_trouble: object) -> None:
        self._write_waiting()
        self._writer.close()
        # Arrow keeps what it used for the next time; what comes next has other sizes, and needs the room.
        pa.default_memory_pool().release_unused()

    def write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        self._waiting.append(batch)
        self.rows += batch.num_rows
        waiting = sum(one.num_rows for one in self._waiting), sum(one.nbytes for one in self._waiting)
        if waiting[0] >= ROW_GROUP or waiting[1] >= MOST_WAITING:
            self._write_waiting()

    def _write_waiting(self) -> None:
        """Every row group is told of in the file's end, which each reader holds in memory whole."""
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=ROW_GROUP)
            self._waiting = []


def batch_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as one batch; a column that a row lacks is null."""
    return pa.RecordBatch.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema
    )


def read_batches(
    path: Path, *, columns: list[str] | None = None, size: int = BATCH
) -> Iterator[pa.RecordBatch]:
    """Batches of a table, one row group in memory at a time, with every page's checksum compared."""
    with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as source:
        yield from source.iter_batches(batch_size=size, columns=columns, use_threads=False)


def read_column(path: Path, name: str) -> pa.ChunkedArray:
    with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as source:
        return source.read(columns=[name]).column(name)


def schema_of(path: Path) -> pa.Schema:
    return pq.read_schema(path)


def read_rows(path: Path, places: list[int], *, columns: list[str]) -> list[dict[str, Any]]:
    """A few rows by their places, which must ascend; only the row groups that hold them are read."""
    return take_rows(path, places, columns=columns).to_pylist()  # type: ignore[no-any-return]  # Arrow has no types


def take_rows(path: Path, places: list[int], *, columns: list[str] | None = None) -> pa.Table:
    """The same as a table of all columns, or of these."""
    found: list[pa.Table] = []
    wanted = list(places)
    with pq.ParquetFile(path, page_checksum_verification=True, pre_buffer=False) as source:
        start = 0
        for group in range(source.num_row_groups):
            size = source.metadata.row_group(group).num_rows
            inside = [place - start for place in wanted if start <= place < start + size]
            if inside:
                rows = source.read_row_group(group, columns=columns, use_threads=False)
                found.append(rows.take(pa.array(inside, pa.int64())))
            start += size
        schema = source.schema_arrow
    if found:
        return pa.concat_tables(found)
    return (schema if columns is None else pa.schema([schema.field(name) for name in columns])).empty_table()


def pair_keys(prompt_keys: pa.Array, one: pa.Array, other: pa.Array) -> list[str]:
    """Names of pairs, whichever side is chosen: sha256 over the prompt's key and both responses.

    The texts are read as the bytes that Arrow holds: UTF-8 has the order of the code points.
    """
    columns = (column.cast(pa.binary()).to_pylist() for column in (prompt_keys, one, other))
    found = []
    for key, low, high in zip(*columns, strict=True):
        if low > high:
            low, high = high, low
        found.append(hashlib.sha256(b"%b\x1f%d\x1f%b%b" % (key, len(low), low, high)).hexdigest())
    return found


def score_names(schema: pa.Schema) -> list[str]:
    return [name.removeprefix(SCORE) for name in schema.names if name.startswith(SCORE)]


def texts_of(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A text column without nulls."""
    return pc.fill_null(batch.column(name), "")
