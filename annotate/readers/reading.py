"""One door for every import file: items and placed defects in the order of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

from annotate.readers.csv_rows import read_csv
from annotate.readers.faults import RowFault, refuse
from annotate.readers.foreign.source import Convert, Found
from annotate.readers.limits import DEFAULT_LIMITS, Limits
from annotate.readers.lines import lines, open_blocks
from annotate.readers.parquet_rows import is_parquet, read_parquet
from annotate.readers.records import read_records
from annotate.readers.rows import WHOLE_FILE, Defect, FileRefused, ItemRow
from annotate.readers.shapes import Place, Shape, check_columns, read_row, recognise
from annotate.readers.strict_json import field_at, read_object

_SYNTAX = frozenset({"bad_json", "bad_utf8", "not_object"})
_JSON_SUFFIXES = frozenset({".jsonl", ".json", ".ndjson"})
_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_COLUMNS = (b"prompt", b"chosen", b"response_a", b"id")


def read_items(
    path: Path,
    *,
    name: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    convert: Convert | None = None,
) -> Iterator[ItemRow | Defect]:
    """Yield each usable row as an item and each other one as a defect, while the file is being read.

    `convert` makes rows of our own shape of the records of another tool (see `foreign`).
    `name` is what the person called the file; only its ending is looked at, and content goes before it.
    Raises FileRefused, at the start or at any later point, when nothing of the file may go in: what was
    yielded before must be thrown away then.
    """
    if convert is not None:
        yield from _whole(_foreign_rows(path, convert, limits), limits, lambda kept: kept)
        return
    if is_parquet(path):
        yield from _whole(_parquet_rows(path, limits), limits, lambda kept: kept, first_line=WHOLE_FILE)
        return
    blocks = open_blocks(path, limits=limits)
    first = next(blocks)
    suffix = _suffix(path.name if name is None else name)
    blocks = chain([first], blocks)
    if _is_json(first, suffix):
        yield from _whole(_json_rows(blocks, limits), limits, lambda kept: _explain_json(first, kept))
    else:
        yield from _whole(_table_rows(blocks, limits), limits, lambda kept: kept)


def _suffix(name: str) -> str:
    pure = PurePath(name.strip().lower())
    return PurePath(pure.stem).suffix if pure.suffix in (".gz", ".gzip") else pure.suffix


def _is_json(first: bytes, suffix: str) -> bool:
    start = first.lstrip()
    if start.startswith(b"{") or suffix in _JSON_SUFFIXES:
        return True
    if suffix in _TABLE_SUFFIXES:
        return False
    if not start:
        raise refuse("no_rows", "the file is empty", line=1)
    if start.startswith((b"[", b'"{')):
        return True
    header = start.partition(b"\n")[0].strip().replace(b'"', b"").split(b",")
    if any(column in header for column in _COLUMNS):
        return False
    raise refuse(
        "unsupported_type", "the content is neither JSON lines nor a table with a header that we know"
    )


class _Ids:
    """Where each id was first seen. Eight bytes stand for an id, so that a million cost little."""

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def add(self, external_id: str, line: int, *, where: str = "on line") -> None:
        digest = hashlib.blake2b(external_id.encode(), digest_size=8).digest()
        before = self._lines.setdefault(int.from_bytes(digest), line)
        if before != line:
            raise RowFault("duplicate_id", f"the id was first seen {where} {before}", field="id")


def _json_rows(blocks: Iterator[bytes], limits: Limits) -> Iterator[ItemRow | Defect]:
    ids, shape, record = _Ids(), None, 0
    for line in lines(blocks, limits=limits):
        record += 1
        try:
            if line.too_long:
                message = f"the line is longer than {limits.max_line_bytes >> 20} MiB"
                raise RowFault("too_long", message, field=field_at(line.data))
            row = read_object(line.data, limits=limits)
            item = read_row(row, at=Place(line.number, record), expected=shape, limits=limits)
            ids.add(item.external_id, line.number)
        except RowFault as fault:
            yield fault.at(line=line.number, record=record)
            continue
        shape = shape or recognise(row)
        yield item


def _table_rows(blocks: Iterator[bytes], limits: Limits) -> Iterator[ItemRow | Defect]:
    ids = _Ids()
    header, records = read_csv(blocks, limits=limits)
    shape = _table_shape(header)
    for found in records:
        try:
            if found.fault is not None:
                raise found.fault
            place = Place(found.line, found.record)
            item = read_row(dict(found.cells), at=place, expected=shape, limits=limits)
            ids.add(item.external_id, found.line)
        except RowFault as fault:
            yield fault.at(line=found.line, line_end=found.line_end, record=found.record)
            continue
        yield item


def _foreign_rows(path: Path, convert: Convert, limits: Limits) -> Iterator[ItemRow | Defect]:
    ids = _Ids()
    defects: list[Defect] = []

    def records() -> Iterator[Found]:
        for found in read_records(path, limits=limits):
            if isinstance(found, Defect):
                defects.append(found)
            else:
                yield found

    for number, made in enumerate(convert(records()), start=1):
        yield from defects
        defects.clear()
        place, fault = made if isinstance(made, tuple) else (made, None)
        try:
            if fault is not None:
                raise fault
            at = Place(place.line, place.number)
            item = read_row(place.row, at=at, expected=Shape.OWN, limits=limits)
            ids.add(item.external_id, number, where="as item")
        except RowFault as found:
            yield found.at(line=place.line, record=place.number)
            continue
        yield item
    yield from defects


def _parquet_rows(path: Path, limits: Limits) -> Iterator[ItemRow | Defect]:
    ids = _Ids()
    columns, records = read_parquet(path, limits=limits)
    shape = _table_shape(list(columns), whole_rows=True)
    _check_text_columns(columns, shape)
    # Whether a side is a text or a conversation is told by the first row, as in JSON lines.
    expected: Shape | None = shape if shape in (Shape.FLAT, Shape.OWN) else None
    for found in records:
        try:
            if found.fault is not None:
                raise found.fault
            place = Place(WHOLE_FILE, found.record)
            item = read_row(found.cells, at=place, expected=expected, limits=limits)
            ids.add(item.external_id, found.record, where="in row")
        except RowFault as fault:
            yield fault.at(line=WHOLE_FILE, record=found.record)
            continue
        expected = expected or recognise(found.cells)
        yield item


def _check_text_columns(columns: Mapping[str, Any], shape: Shape) -> None:
    """A required column of another type is wrong in every row: say so once. Conversations are lists of
    messages, and so is the prompt of our own shape allowed to be."""
    for name in shape.required:
        kind = str(columns[name])
        texts = kind.endswith("string") or kind.startswith("dictionary<values=string") or kind == "null"
        if not texts and not (shape is not Shape.FLAT and kind.startswith(("list<", "large_list<"))):
            raise refuse("wrong_type", f"the column is {kind[:60]}, not text", field=name)


def _table_shape(header: list[str], *, whole_rows: bool = False) -> Shape:
    try:
        return check_columns(header, whole_rows=whole_rows)
    except RowFault as fault:
        raise FileRefused([fault.at(line=WHOLE_FILE if whole_rows else 1)]) from None


def _whole(
    rows: Iterator[ItemRow | Defect],
    limits: Limits,
    explain: Callable[[list[Defect]], list[Defect]],
    *,
    first_line: int = 1,
) -> Iterator[ItemRow | Defect]:
    """Refuse a file without one usable row, with one clear reason where there is one.

    Until the first usable row the defects are held back: a file that is no JSON lines at all should say
    so once, and not once per line.
    """
    waiting: list[Defect] | None = []
    kept: list[Defect] = []
    total = 0
    usable = False
    for found in rows:
        if isinstance(found, ItemRow):
            usable = True
        else:
            total += 1
            if total > limits.max_defects:
                raise refuse("too_many_defects", f"more than {limits.max_defects:,} rows cannot be used")
            kept = kept if usable or total > limits.max_reported else [*kept, found]
            if waiting is not None and not usable:
                waiting.append(found)
                if len(waiting) < limits.max_unreadable_start:
                    continue
                if all(defect.code in _SYNTAX for defect in waiting):
                    break
                yield from waiting
                waiting = None
                continue
        if waiting:
            yield from waiting
        waiting = None
        yield found
    if usable:
        return
    if not total:
        raise refuse("no_rows", "the file has no row", line=first_line)
    reasons = explain(kept)
    raise FileRefused(reasons, total=total if reasons is kept else len(reasons), cap=limits.max_reported)


def _explain_json(first: bytes, kept: list[Defect]) -> list[Defect]:
    start, place = first.lstrip(), kept[0]
    if place.code not in _SYNTAX:
        return kept
    fault = None
    if start.startswith(b"[") and start[1:].lstrip().startswith((b"{", b"]")):
        fault = RowFault(
            "not_object", "the file is one JSON array", cure="Write each row as one line of its own."
        )
    elif b"\r" in start and b"\n" not in first.rstrip():
        fault = RowFault("bad_line_end", "the lines end with carriage returns alone")
    elif start.partition(b"\n")[0].strip() == b"{":
        fault = RowFault("bad_json", "the objects are spread over several lines")
    return kept if fault is None else [fault.at(line=place.line, record=place.record)]
