from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

WHOLE_FILE = 0


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A picture of a prompt or a candidate: an uploaded file's ``name`` or a ``url``, and what it shows."""

    name: str = ""
    url: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    text: str
    model: str = ""
    prompt: tuple[Message, ...] | None = None  # only where it differs from the item's own
    made: dict[str, Any] = field(default_factory=dict)  # how: revision, parameters, seed, tokens, seconds
    images: tuple[ImageRow, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgmentRow:
    """A recorded judgment. An unparseable one has no `preference`; `raw` keeps what was said."""

    judge: str
    kind: str  # "person" | "model"
    answers: dict[str, Any]
    unparseable: bool = False
    raw: Any = None
    order: tuple[int, ...] | None = None
    seconds: float | None = None
    at: datetime | None = None  # always in UTC
    version: str = ""
    expertise: tuple[str, ...] = ()  # what the judge knows, as it was written


@dataclass(frozen=True, slots=True)
class ItemRow:
    line: int
    record: int
    external_id: str
    prompt: tuple[Message, ...]
    candidates: tuple[CandidateRow, ...]
    judgments: tuple[JudgmentRow, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    images: tuple[ImageRow, ...] = ()  # of the prompt


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault with its place. Lines count from 1 and end at LF only. Line 0 stands for no line: the file as
    a whole, or the record of a table that has no lines."""

    line: int
    line_end: int
    record: int | None
    field: str | None
    code: str
    message: str
    cure: str

    @property
    def place(self) -> str:
        if self.line == WHOLE_FILE:
            return "file" if self.record is None else f"row {self.record}"
        return f"line {self.line}" if self.line_end == self.line else f"lines {self.line}-{self.line_end}"


class FileRefused(Exception):
    """Nothing of this file may go in. `defects` is capped; `total` counts them all."""

    def __init__(self, defects: Sequence[Defect], *, total: int | None = None, cap: int = 100) -> None:
        self.defects: list[Defect] = list(defects[:cap])
        self.total = len(defects) if total is None else total
        first = self.defects[0]
        super().__init__(f"{first.place}: {first.code}: {first.message}")
