"""What may be chosen about a format, and how each choice is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

CONVERSATIONAL, STANDARD = "conversational", "standard"
SHAPES = (CONVERSATIONAL, STANDARD)
# What a pair without a preferred side may become: nothing; a row in each order; both sides good, both bad.
UNDECIDED = ("ties", "neither", "undecided")
DROP, BOTH_ORDERS, BOTH_GOOD, BOTH_BAD, KEEP = "drop", "both_orders", "both_good", "both_bad", "keep"


class FormatError(ValueError):
    """A format that cannot be written so: which option is wrong, why, and what to choose instead."""

    def __init__(self, message: str, *, field: str, cure: str) -> None:
        super().__init__(f"{field}: {message} {cure}")
        self.message = message
        self.field = field
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Options:
    """``shape``: messages or plain texts. ``policies``: what becomes of ties, neither and undecided.
    ``numbers`` and ``words``: what single formats know besides, by name."""

    shape: str = CONVERSATIONAL
    policies: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "policies": dict(self.policies),
            "numbers": dict(self.numbers),
            "words": dict(self.words),
        }


class Maker(Protocol):
    """Turns batches of frozen rows into batches of records of one schema; reads no column but these."""

    schema: pa.Schema
    columns: tuple[str, ...]

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch: ...

    def records(self, batch: pa.RecordBatch) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a release.

    ``make(options, frozen_schema)`` gives the converter. ``trainer``: who reads it, in words. ``snippet``:
    Python that trains on or reads the folder. ``policies``: choices for each kind of undecided pair, the
    first being the default. ``numbers`` and ``words``: further options with their defaults. ``csv``: as a
    table besides; only for columns of texts and numbers.
    """

    name: str
    title: str
    about: str
    trainer: str
    snippet: str
    make: Callable[[Options, pa.Schema], Maker]
    tags: tuple[str, ...] = ()
    shapes: tuple[str, ...] = SHAPES
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    parquet: bool = True
    csv: bool = False

    def options(self, given: Mapping[str, Any] | None = None) -> Options:
        """Read chosen options. Raises FormatError for what this format does not know."""
        given = dict(given or {})
        shape = given.pop("shape", None) or self.shapes[0]
        if shape not in self.shapes:
            raise FormatError(
                f"{self.name} has no {shape!r} shape.", field="shape",
                cure=f"Choose one of {', '.join(self.shapes)}.",
            )  # fmt: skip
        policies = {name: choices[0] for name, choices in self.policies.items()}
        for name, chosen in (given.pop("policies", None) or {}).items():
            if chosen not in self.policies.get(name, ()):
                raise FormatError(
                    f"{self.name} has no policy {chosen!r} for {name}.", field=f"policies.{name}",
                    cure=f"Choose one of {', '.join(self.policies.get(name, ())) or 'none: leave it out'}.",
                )  # fmt: skip
            policies[name] = chosen
        numbers = {**self.numbers, **self._known(given.pop("numbers", None), self.numbers, "numbers")}
        words = {**self.words, **self._known(given.pop("words", None), self.words, "words")}
        if given:
            raise FormatError(
                f"{self.name} has no such option.", field=next(iter(given)),
                cure="It knows shape, policies, numbers and words.",
            )  # fmt: skip
        return Options(shape, policies, {name: float(value) for name, value in numbers.items()}, words)

    def _known(self, given: Any, known: Mapping[str, Any], kind: str) -> dict[str, Any]:
        for name in given or {}:
            if name not in known:
                raise FormatError(
                    f"{self.name} has no such option.", field=f"{kind}.{name}",
                    cure=f"It knows {', '.join(known) or 'none'}.",
                )  # fmt: skip
        return dict(given or {})


@dataclass(slots=True)
class RowMaker:
    """A converter that works row by row, for shapes that are lists of lists."""

    schema: pa.Schema
    rows: Callable[[Mapping[str, Any]], Iterator[dict[str, Any]]]
    columns: tuple[str, ...]

    def records(self, batch: pa.RecordBatch) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for row in batch.select(list(self.columns)).to_pylist():
            found += self.rows(row)
        return found

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist(self.records(batch), schema=self.schema)
