"""Tables of scores that somebody else gave to the candidates of items: JSON lines, CSV or Parquet.

Three shapes, told by the first row, all with the item's own ``id``:

- *wide*: ``candidate`` (its position as stored, from 0), and each further column is a scorer;
- *long*: ``candidate``, ``scorer`` and ``score``;
- *lists*: ``first_scores`` and ``second_scores``, as many numbers on both sides, one of each scorer.

An empty cell or null is a score that was not given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from annotate.readers.faults import RowFault, safe_name
from annotate.readers.limits import DEFAULT_LIMITS, Limits
from annotate.readers.records import read_records
from annotate.readers.rows import Defect
from annotate.readers.strict_json import describe
from annotate.readers.texts import a_list, a_name, an_id

MAX_SCORERS = 100
MAX_SCORER_CHARS = 100
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_POSITION = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Given:
    """A number by a scorer for the candidate at a position; ``field`` is where in the row it stands."""

    scorer: str
    candidate: int
    value: float | None
    field: str


@dataclass(frozen=True, slots=True)
class ScoreRow:
    line: int
    record: int
    item: str
    given: tuple[Given, ...]


class TableShape(Enum):
    WIDE = "wide"
    LONG = "long"
    LISTS = "lists"


_LISTS = ("first_scores", "second_scores")


def read_score_rows(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[ScoreRow | Defect]:
    """Each row's numbers, or what is wrong with it, in the order of the file. Raises FileRefused where
    nothing of the file can be read."""
    shape: TableShape | None = None
    for found in read_records(path, limits=limits):
        if isinstance(found, Defect):
            yield found
            continue
        shape = shape or shape_of(found.row)
        try:
            item = an_id(found.row, limits=limits)
            given = tuple(_READ[shape](found.row, limits))
        except RowFault as fault:
            yield fault.at(line=found.line, record=found.number)
            continue
        yield ScoreRow(found.line, found.number, item, given)


def shape_of(row: Mapping[str, Any]) -> TableShape:
    if any(name in row for name in _LISTS):
        return TableShape.LISTS
    return TableShape.LONG if "scorer" in row and "score" in row else TableShape.WIDE


def _wide(row: Mapping[str, Any], limits: Limits) -> Iterator[Given]:
    candidate = _position(row)
    names = [name for name in row if name not in ("id", "candidate")]
    if not names:
        raise RowFault("missing_field", "no column with a score stands beside id and candidate")
    _check_count(len(names))
    for name in names:
        yield Given(_scorer(name, name, limits), candidate, _number(row[name], name), safe_name(name))


def _long(row: Mapping[str, Any], limits: Limits) -> Iterator[Given]:
    candidate = _position(row)
    if "scorer" not in row:
        raise RowFault("missing_field", "nobody is named as the scorer", field="scorer")
    name = _scorer(row["scorer"], "scorer", limits)
    yield Given(name, candidate, _number(row.get("score"), "score"), "score")


def _lists(row: Mapping[str, Any], limits: Limits) -> Iterator[Given]:
    sides = [_list(row, name) for name in _LISTS]
    if len(sides[0]) != len(sides[1]):
        raise RowFault(
            "ragged",
            f"{len(sides[0])} scores on the first side and {len(sides[1])} on the second",
            field=_LISTS[1],
            cure="Give both sides as many scores, one by each scorer; write null for one that is missing.",
        )
    for candidate, (field, side) in enumerate(zip(_LISTS, sides, strict=True)):
        for place, value in enumerate(side):
            where = f"{field}[{place}]"
            yield Given(f"list {place + 1}", candidate, _number(value, where), where)


_READ = {TableShape.WIDE: _wide, TableShape.LONG: _long, TableShape.LISTS: _lists}


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    if name not in row:
        raise RowFault("missing_field", "a required field is absent", field=name)
    found = a_list(row[name], field=name, most=MAX_SCORERS)
    if not found:
        raise RowFault("missing_field", "the list is empty", field=name)
    return found


def _check_count(count: int) -> None:
    if count > MAX_SCORERS:
        raise RowFault("too_many_columns", f"{count:,} scorers, at most {MAX_SCORERS} are read")


def _position(row: Mapping[str, Any]) -> int:
    if "candidate" not in row:
        raise RowFault("missing_field", "which candidate is scored?", field="candidate")
    value = row["candidate"]
    if isinstance(value, str) and _POSITION.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6:
        return value
    raise RowFault("bad_candidate", f"{describe(value)} that is no position", field="candidate")


def _scorer(value: Any, field: str, limits: Limits) -> str:
    name = a_name(value, field=safe_name(field), limits=limits, most=MAX_SCORER_CHARS).strip()
    if not name:
        raise RowFault("blank", "the scorer has no name", field=safe_name(field))
    return name


def _number(value: Any, field: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and len(value) <= DEFAULT_LIMITS.max_number_chars:
        text = value.strip()
        if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(float(value)):
                return float(value)
        except OverflowError:
            pass
    raise RowFault("bad_number", f"{describe(value)} that is no finite number", field=safe_name(field))
