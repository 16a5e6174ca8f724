"""The manifest: what a release is, in one canonical JSON file.

It holds no time and no path of the machine, so the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from curation.formats.jsonl import readable_json

Manifest: TypeAlias = dict[str, Any]

FORMAT = "winnow-release"
SCHEMA_VERSION = 2

# Written by the folder itself; a caller that gives one of them is mistaken about who counts.
RESERVED = ("format", "schema_version", "rows", "files", "export", "sha256")


def begin_manifest(given: Mapping[str, Any], *, rows: int) -> Manifest:
    """The caller's part with the reserved keys in front. Raises ValueError, naming the place, for what JSON
    cannot say.
    """
    taken = [key for key in RESERVED if key in given]
    if taken:
        raise ValueError(f"The manifest's {taken[0]!r} is written with the folder; leave it out.")
    for key, value in given.items():
        _check(value, f"manifest.{key}")
    return {"format": FORMAT, "schema_version": SCHEMA_VERSION, "rows": rows, "files": {}} | dict(given)


def file_entry(path: Path, **notes: Any) -> dict[str, Any]:
    """Size and SHA-256 of a file, read in pieces."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return {"sha256": digest.hexdigest(), "bytes": size} | notes


def self_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over everything else in a manifest, so that no word of it changes unseen."""
    return hashlib.sha256(manifest_bytes({**manifest, "sha256": ""})).hexdigest()


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    return readable_json(manifest)


def _check(value: Any, where: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{where} has a key that is not a text: {key!r}.")
            _check(inner, f"{where}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, inner in enumerate(value):
            _check(inner, f"{where}[{place}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is not finite; write null where a number cannot be computed.")
    elif value is not None and not isinstance(value, str | int | float):
        raise ValueError(f"{where} is a {type(value).__name__}, which JSON cannot say.")
