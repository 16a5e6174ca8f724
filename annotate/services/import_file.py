"""A file to be imported: what it is called, how it is to be understood, and what names its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from annotate.errors import ImportRefused
from annotate.keys import content_key
from annotate.readers.foreign import SOURCES
from annotate.readers.foreign.mapping import mapped
from annotate.readers.foreign.source import Convert
from annotate.readers.limits import DEFAULT_LIMITS
from annotate.readers.reading import read_items
from annotate.readers.rows import Defect, ItemRow


@dataclass(frozen=True, slots=True)
class ImportFile:
    """``source`` names another tool or data set; ``mapping`` says which columns are which of our fields."""

    path: Path
    name: str
    source: str = ""
    mapping: Mapping[str, str] | None = None

    def rows(self) -> Iterator[ItemRow | Defect]:
        return read_items(self.path, name=self.name, limits=DEFAULT_LIMITS, convert=self.convert())

    def convert(self) -> Convert | None:
        """What makes rows of its records; None for a file in a shape of our own. Raises ImportRefused."""
        if self.mapping:
            return mapped(self.mapping)
        if not self.source:
            return None
        if self.source not in SOURCES:
            cure = f"Use one of {', '.join(sorted(SOURCES))}."
            raise ImportRefused(f"{self.source} is no source we know.", defects=[], total=0, cure=cure)
        return SOURCES[self.source].convert

    def digest(self) -> str:
        """Names the content and the way it is read: another mapping makes another import of it."""
        content = file_digest(self.path)
        if not self.source and not self.mapping:
            return content
        return content_key(content, self.source, dict(self.mapping or {}))


def shown_name(name: str) -> str:
    """A file's name as it may be stored: what a client sends can hold characters that no database keeps."""
    kept = "".join(character for character in name if character.isprintable())
    return kept.encode("utf-8", "ignore").decode()[:255] or "upload"


def file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
