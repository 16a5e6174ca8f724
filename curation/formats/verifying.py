"""Whether a release folder is what its manifest says: every file, row, count and word of the card."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.formats.card import render_card
from curation.formats.jsonl import read_lines
from curation.formats.manifest import FORMAT, SCHEMA_VERSION, file_entry, manifest_bytes, self_digest
from curation.formats.parquet import read_records

CARD = "README.md"
MANIFEST = "manifest.json"


def verify_release(folder: Path) -> list[str]:
    """Read everything again and compare it with the manifest; an empty list means that all of it holds.

    What it cannot know is whether manifest and files were made anew together: compare the manifest's own
    SHA-256 with the one that the release page, or whoever sent the folder, gives.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = json.loads(raw.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return [f"{MANIFEST} cannot be read: {type(error).__name__}."]
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return [f"{MANIFEST} is not that of a release."]
    if manifest.get("schema_version") != SCHEMA_VERSION:
        return [
            f"{MANIFEST} has schema version {manifest.get('schema_version')!r}; this reads {SCHEMA_VERSION}."
        ]
    problems = _compare_files(folder, manifest)
    if _canonical(manifest) != raw:
        problems.append(f"{MANIFEST} is not in canonical form.")
    elif self_digest(manifest) != manifest.get("sha256"):
        problems.append(f"{MANIFEST} was changed: its own SHA-256 differs.")
    if not problems:
        problems += _compare_rows(folder, manifest)
        problems += _compare_counts(manifest)
    if (folder / CARD).is_file() and _card_of(manifest) != (folder / CARD).read_bytes():
        problems.append(f"{CARD} does not say what {MANIFEST} says.")
    return problems


def _compare_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    listed = manifest.get("files")
    if not isinstance(listed, dict) or CARD not in listed or len(listed) < 2:
        return [f"{MANIFEST} does not list the files of a release."]
    problems = []
    for name, entry in sorted(listed.items()):
        path = folder / name
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            problems.append(f"{name} is missing.")
            continue
        found = file_entry(path)
        if not isinstance(entry, dict) or found["sha256"] != entry.get("sha256"):
            problems.append(f"{name} is not the file that was written: its SHA-256 differs.")
        elif found["bytes"] != entry.get("bytes"):
            problems.append(f"{name} does not have the size that {MANIFEST} says.")
    known = {MANIFEST, *listed}
    for root, _folders, names in os.walk(folder):
        for name in names:
            relative = (Path(root) / name).relative_to(folder).as_posix()
            if relative not in known:
                problems.append(f"{relative} does not belong to the release.")
    return sorted(problems)


def _compare_rows(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Every split: as many rows as listed, and the same in Parquet and JSONL."""
    problems = []
    for name, entry in sorted(manifest["files"].items()):
        if not name.startswith("jsonl/"):
            continue
        twin = f"data/{Path(name).stem}.parquet"
        try:
            if twin in manifest["files"]:
                found, where = _first_difference(folder / twin, folder / name)
            else:
                found, where = sum(1 for _row in read_lines(folder / name)), None
        except (OSError, ValueError, pa.ArrowException) as error:
            problems.append(f"{name} or {twin} cannot be read: {type(error).__name__}.")
            continue
        if where is not None:
            problems.append(f"{twin} and {name} differ at row {where}.")
        elif found != entry.get("rows") or found != manifest["files"].get(twin, entry).get("rows"):
            problems.append(f"{name} has {found} rows; {MANIFEST} says {entry.get('rows')}.")
    return problems


def _first_difference(parquet: Path, lines: Path) -> tuple[int, int | None]:
    count = 0
    for one, other in zip_longest(read_records(parquet), read_lines(lines)):
        if one != other:
            return count, count
        count += 1
    return count, None


def _compare_counts(manifest: Mapping[str, Any]) -> list[str]:
    """The sums within the manifest: rows over splits, and each step's counts over the step before."""
    problems = []
    splits = (manifest.get("export") or {}).get("splits") or {}
    if sum(splits.values()) != manifest.get("rows"):
        problems.append(f"{MANIFEST} says {manifest.get('rows')} rows, and its splits another number.")
    standing = (manifest.get("counts") or {}).get("settled")
    for place, step in enumerate(manifest.get("steps") or ()):
        adds_up = step.get("kept", 0) + step.get("dropped", 0) == standing
        if standing is not None and step.get("step") != "binarise" and not adds_up:
            problems.append(f"{MANIFEST}: steps[{place}] does not add up.")
        standing = step.get("kept")
    kept = (manifest.get("counts") or {}).get("kept")
    if manifest.get("steps") and kept is not None and kept != standing:
        problems.append(f"{MANIFEST}: the last step keeps {standing}, and its counts say {kept}.")
    return problems


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    try:
        return manifest_bytes(manifest)
    except (ValueError, RecursionError):
        return b""


def _card_of(manifest: Mapping[str, Any]) -> bytes:
    try:
        return render_card({**manifest, "files": {}})
    except (KeyError, TypeError, ValueError, AttributeError):
        return b""
