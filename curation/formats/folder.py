"""A release folder: Parquet, JSONL, card and manifest, written whole or not at all.

::

    data/train.parquet   what ``datasets.load_dataset(folder)`` opens
    jsonl/train.jsonl    the same records, one a line
    README.md            the dataset card
    manifest.json        counts, recipe, versions, and the SHA-256 of the three above
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.formats.card import render_card
from curation.formats.jsonl import read_lines, write_line
from curation.formats.manifest import (
    FORMAT,
    SCHEMA_VERSION,
    Manifest,
    begin_manifest,
    file_entry,
    manifest_bytes,
)
from curation.formats.parquet import ParquetFile, read_records
from curation.formats.rows import PairRow, RowRefused
from curation.formats.trl import to_conversational

PARQUET = "data/train.parquet"
JSONL = "jsonl/train.jsonl"
CARD = "README.md"
MANIFEST = "manifest.json"


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


def write_release(folder: Path, rows: Iterable[PairRow], *, manifest: Mapping[str, Any]) -> Written:
    """Write the rows, in their order, with the caller's part of the manifest; streams, and keeps no row.

    The folder appears by one rename when it is complete. Where the same release stands already, it is left,
    or put right when it is damaged. Raises FolderTaken where anything else stands, NothingToRelease
    where there is no row, RowRefused for an id that comes twice, ValueError for a manifest that JSON cannot
    say.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _sibling(folder) as making:
        (making / "data").mkdir()
        (making / "jsonl").mkdir()
        begin_manifest(manifest, rows=0)  # What is wrong with it is said before any row is read.
        count = _write_rows(making, rows)
        if not count:
            raise NothingToRelease("No pair is left to be released; loosen the recipe or judge more items.")
        # The card is made from the sorted form, so that it can be made again from the file.
        whole = json.loads(manifest_bytes(begin_manifest(manifest, rows=count)))
        (making / CARD).write_bytes(render_card(whole))
        whole["files"] = {
            PARQUET: file_entry(making / PARQUET, rows=count),
            JSONL: file_entry(making / JSONL, rows=count),
            CARD: file_entry(making / CARD),
        }
        written = manifest_bytes(whole)
        (making / MANIFEST).write_bytes(written)
        _flush(making)
        _settle_in(making, folder, written)
    return Written(folder, json.loads(written), hashlib.sha256(written).hexdigest())


def verify_release(folder: Path) -> list[str]:
    """Read everything again and compare it with the manifest; an empty list means that all of it holds."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return [f"{MANIFEST} cannot be read: {type(error).__name__}."]
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return [f"{MANIFEST} is not that of a release."]
    if manifest.get("schema_version") != SCHEMA_VERSION:
        return [
            f"{MANIFEST} has schema version {manifest.get('schema_version')!r}; this reads {SCHEMA_VERSION}."
        ]
    problems = _compare_files(folder, manifest)
    if manifest_bytes(manifest) != (folder / MANIFEST).read_bytes():
        problems.append(f"{MANIFEST} is not in canonical form.")
    if not any(name in problem for problem in problems for name in (PARQUET, JSONL)):
        problems += _compare_rows(folder, manifest.get("rows"))
    if (folder / CARD).is_file() and _card_of(manifest) != (folder / CARD).read_bytes():
        problems.append(f"{CARD} does not say what {MANIFEST} says.")
    return problems


def _write_rows(making: Path, rows: Iterable[PairRow]) -> int:
    # Digests instead of ids: how much memory a million of them take does not depend on the ids.
    seen: set[bytes] = set()
    with ParquetFile(making / PARQUET) as parquet, (making / JSONL).open("wb") as lines:
        for row in rows:
            digest = hashlib.sha256(row.id.encode()).digest()[:16]
            if digest in seen:
                cure = "Give every pair an id of its own."
                raise RowRefused(row.id, "Another row has this id.", field="id", cure=cure)
            seen.add(digest)
            record = to_conversational(row)
            parquet.add(record)
            write_line(lines, record)
    return len(seen)


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


def _compare_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    listed = manifest.get("files")
    if not isinstance(listed, dict) or set(listed) != {PARQUET, JSONL, CARD}:
        return [f"{MANIFEST} does not list the files of a release: {PARQUET}, {JSONL}, {CARD}."]
    problems = []
    for name, entry in sorted(listed.items()):
        path = folder / name
        if path.is_symlink() or not path.is_file():
            problems.append(f"{name} is missing.")
            continue
        found = file_entry(path)
        if not isinstance(entry, dict) or found["sha256"] != entry.get("sha256"):
            problems.append(f"{name} has changed: its SHA-256 is not the manifest's.")
        elif found["bytes"] != entry.get("bytes"):
            problems.append(f"{name} has {found['bytes']} bytes, the manifest says {entry.get('bytes')}.")
        if name != CARD and isinstance(entry, dict) and entry.get("rows") != manifest.get("rows"):
            problems.append(f"{name} is listed with {entry.get('rows')} rows of {manifest.get('rows')}.")
    known = {*listed, MANIFEST}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    problems += [f"{name} does not belong to the release." for name in sorted(there - known)]
    return problems


def _compare_rows(folder: Path, rows: Any) -> list[str]:
    count = 0
    try:
        for one, other in zip_longest(read_records(folder / PARQUET), read_lines(folder / JSONL)):
            if one != other:
                return [f"{PARQUET} and {JSONL} differ at row {count}."]
            count += 1
    except (ValueError, OSError, RecursionError, pa.ArrowException) as error:
        return [f"The rows cannot be read after row {count}: {type(error).__name__}."]
    return [] if count == rows else [f"There are {count} rows, the manifest says {rows}."]


def _card_of(manifest: Mapping[str, Any]) -> bytes | None:
    try:
        return render_card(manifest)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


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
