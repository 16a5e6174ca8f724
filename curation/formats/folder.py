"""A release folder: data, card and manifest, written whole or not at all.

::

    data/train.parquet   what ``datasets.load_dataset(folder)`` opens; test.parquet beside it, where split
    jsonl/train.jsonl    the same records, one a line
    csv/train.csv        the same as a table, for formats that have one
    README.md            the dataset card
    manifest.json        recipe, counts, versions, and the SHA-256 of every other file
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from curation.formats.card import render_card
from curation.formats.jsonl import write_lines
from curation.formats.lines import json_lines
from curation.formats.manifest import Manifest, begin_manifest, file_entry, manifest_bytes, self_digest
from curation.formats.options import Format, Maker, Options
from curation.formats.parquet import ParquetFile, schema_words
from curation.formats.singles import kto_weights
from curation.formats.spreadsheet import CsvFile
from curation.formats.table import read_batches, schema_of
from curation.formats.verifying import CARD, MANIFEST, verify_release

SPLITS = ("train", "validation", "test")
FILES = ("parquet", "jsonl")


class FolderTaken(Exception):
    """Something else stands where the release should go."""


class NothingToRelease(Exception):
    """There is not one row; ``datasets`` opens no such folder, so none is made."""


@dataclass(frozen=True, slots=True)
class Written:
    """``manifest`` as it stands in the folder, and the SHA-256 of its file."""

    folder: Path
    manifest: Manifest
    manifest_sha256: str


@dataclass(slots=True)
class _Splits:
    """The files of each split, opened when its first row comes."""

    making: Path
    maker: Maker
    files: Sequence[str]
    open: ExitStack
    rows: dict[str, int] = field(default_factory=dict)
    labels: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    _parquet: dict[str, ParquetFile] = field(default_factory=dict)
    _lines: dict[str, BinaryIO] = field(default_factory=dict)
    _tables: dict[str, CsvFile] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch) -> None:
        splits = batch.column("split")
        there = pc.unique(splits).to_pylist()
        for name in SPLITS:
            inside = batch if there == [name] else batch.filter(pc.equal(splits, name))
            if inside.num_rows:
                self._write(name, inside)

    def _write(self, name: str, rows: pa.RecordBatch) -> None:
        made = self.maker.convert(rows) if "parquet" in self.files else None
        # Rows become Python objects only where something reads them one by one.
        records = [] if made is not None and "csv" not in self.files else self._records(rows, made)
        count = made.num_rows if made is not None else len(records)
        if not count:
            return
        if name not in self.rows:
            self._begin(name)
        self.rows[name] += count
        if made is not None:
            self._parquet[name].write(made)
            self._count_labels(made)
        if name in self._lines:
            stream = self._lines[name]
            write_lines(stream, records) if made is None else stream.write(json_lines(made))
        if name in self._tables:
            self._tables[name].write(records)

    def _records(self, rows: pa.RecordBatch, made: pa.RecordBatch | None) -> list[dict[str, Any]]:
        return self.maker.records(rows) if made is None else made.to_pylist()

    def _count_labels(self, made: pa.RecordBatch) -> None:
        if "label" in made.schema.names and pa.types.is_boolean(made.schema.field("label").type):
            wanted = pc.sum(made.column("label")).as_py() or 0
            self.labels[True] += wanted
            self.labels[False] += made.num_rows - wanted

    def _begin(self, name: str) -> None:
        self.rows[name] = 0
        if "parquet" in self.files:
            path = self.making / "data" / f"{name}.parquet"
            path.parent.mkdir(exist_ok=True)
            self._parquet[name] = self.open.enter_context(ParquetFile(path, self.maker.schema))
        if "jsonl" in self.files:
            path = self.making / "jsonl" / f"{name}.jsonl"
            path.parent.mkdir(exist_ok=True)
            self._lines[name] = self.open.enter_context(path.open("wb"))
        if "csv" in self.files:
            path = self.making / "csv" / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            self._tables[name] = self.open.enter_context(CsvFile(path, self.maker.schema.names))


def write_release(
    folder: Path,
    batches: Iterable[pa.RecordBatch],
    *,
    format: Format,
    manifest: Mapping[str, Any],
    options: Options | None = None,
    files: Sequence[str] = FILES,
    progress: Callable[[int], object] | None = None,
) -> Written:
    """Write batches of frozen rows in a format, in their order; streams, and keeps no row.

    The folder appears by one rename when it is complete. Where the same release stands already, it is left,
    or put right when it is damaged. Raises FolderTaken where anything else stands, NothingToRelease where
    there is no row, FormatError where the rows do not fit the shape, ValueError for a manifest that JSON
    cannot say.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    options = options or format.options()
    files = [kind for kind in files if kind != "parquet" or format.parquet]
    files += ["jsonl", "csv"] if format.csv and "jsonl" not in files else ["csv"] if format.csv else []
    with _sibling(folder) as making:
        begin_manifest(manifest, rows=0)  # What is wrong with it is said before any row is read.
        written = _write_splits(making, told(batches, progress), format, options, files or ["jsonl"])
        whole = begin_manifest(manifest, rows=sum(written.rows.values()))
        whole["export"] = _export_of(format, options, written)
        # The card is made from the sorted form, so that it can be made again from the file.
        whole = json.loads(manifest_bytes(whole))
        (making / CARD).write_bytes(render_card(whole))
        whole["files"] = _entries(making, written.rows)
        whole["sha256"] = self_digest(whole)
        raw = manifest_bytes(whole)
        (making / MANIFEST).write_bytes(raw)
        _flush(making)
        _settle_in(making, folder, raw)
    return Written(folder, json.loads(raw), hashlib.sha256(raw).hexdigest())


def rows_for(rows: Path, format: Format, options: Options | None = None) -> Iterator[pa.RecordBatch]:
    """Batches of frozen rows from their file, with the columns that the format reads and no others."""
    schema = schema_of(rows)
    wanted = {*format.make(options or format.options(), schema).columns, "split"}
    yield from read_batches(rows, columns=[name for name in schema.names if name in wanted])


def told(
    batches: Iterable[pa.RecordBatch], progress: Callable[[int], object] | None
) -> Iterator[pa.RecordBatch]:
    """The batches, with the rows so far told after each."""
    rows = 0
    for batch in batches:
        yield batch
        rows += batch.num_rows
        if progress is not None:
            progress(rows)


def _write_splits(
    making: Path, batches: Iterable[pa.RecordBatch], format: Format, options: Options, files: Sequence[str]
) -> _Splits:
    with ExitStack() as opened:
        splits: _Splits | None = None
        for batch in batches:
            if splits is None:
                splits = _Splits(making, format.make(options, batch.schema), files, opened)
            splits.add(batch)
    if splits is None or not splits.rows:
        raise NothingToRelease("No row is left to be released; loosen the recipe, or choose another format.")
    return splits


def _export_of(format: Format, options: Options, written: _Splits) -> dict[str, Any]:
    found = {
        "format": format.name,
        "title": format.title,
        "trainer": format.trainer,
        "snippet": format.snippet,
        "tags": list(format.tags),
        "options": options.as_dict(),
        "splits": {name: written.rows[name] for name in SPLITS if name in written.rows},
        "columns": schema_words(written.maker.schema),
        "parquet": "parquet" in written.files,
    }
    if written.labels[True] or written.labels[False]:
        found["labels"] = {"true": written.labels[True], "false": written.labels[False]}
        found["kto_weights"] = kto_weights(written.labels[True], written.labels[False])
    return found


def _entries(making: Path, rows: Mapping[str, int]) -> dict[str, Any]:
    found = {}
    for path in sorted(path for path in making.rglob("*") if path.is_file() and path.name != MANIFEST):
        name = path.relative_to(making).as_posix()
        found[name] = file_entry(path, **({"rows": rows[path.stem]} if name != CARD else {}))
    return found


def _settle_in(making: Path, folder: Path, manifest: bytes) -> None:
    """Rename into place; what stands there may only be the same release."""
    if not folder.exists():
        making.rename(folder)
        return
    standing = folder / MANIFEST
    if not standing.is_file() or standing.read_bytes() != manifest:
        if not folder.is_dir() or any(folder.iterdir()):
            raise FolderTaken(f"{folder.name} holds something else; choose another folder or remove it.")
    elif not verify_release(folder):
        return
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.old")
    folder.rename(aside)
    making.rename(folder)
    shutil.rmtree(aside)


@contextmanager
def _sibling(folder: Path) -> Iterator[Path]:
    """A hidden folder on the same file system, gone afterwards unless it was renamed."""
    making = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.new")
    making.mkdir()
    try:
        yield making
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _flush(making: Path) -> None:
    """To the disk before the rename, so that a power cut leaves no complete-looking folder of empty files."""
    for path in (*(path for path in making.rglob("*")), making):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
