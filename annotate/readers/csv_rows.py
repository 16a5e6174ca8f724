"""Comma-separated tables, read strictly and in a stream: each record with the lines it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from annotate.readers.faults import RowFault, refuse, safe_name
from annotate.readers.limits import Limits
from annotate.readers.lines import Piece, pieces

_HOPELESS = 50  # times the most columns: reading on would cost time and tell nobody more
_INSIDE_QUOTES = re.compile(rb'(?:[^"]++|"")*+')
_OTHER_DELIMITERS = {
    b";": "semicolon",
    b"\t": "tab",
    b"|": "vertical bar",
    b"\x1f": "unit separator (U+001F)",
}


# The last column of a table that we wrote: an apostrophe in front of a cell is ours and is taken away.
SAFE_CELLS = "winnow_cells"


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """Cells by column name, or the fault that makes the record useless."""

    line: int
    line_end: int
    record: int
    cells: dict[str, str]
    fault: RowFault | None


class _At(Enum):
    START = "at the first character of a cell"
    PLAIN = "inside a cell without quotes"
    QUOTED = "inside quotes"
    CLOSED = "just after a quote inside quotes"
    RETURN = "after the carriage return that follows a closing quote"


@dataclass(slots=True)
class _Record:
    """One record while it is collected. Beyond a limit it counts and stores nothing more."""

    line: int
    cells: list[bytes] = field(default_factory=list)
    too_long: set[int] = field(default_factory=set)
    count: int = 0
    held: int = 0
    fault: RowFault | None = None


class _Splitter:
    """The state machine of RFC 4180 over pieces of lines."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.max_columns = limits.max_columns + 1
        self.cell = bytearray()
        self.cell_too_long = False
        self.at = _At.START
        self.opened_on = 1
        self.record = _Record(1)
        self.collecting = False
        self.finished = 0

    def feed(self, piece: Piece) -> _Record | None:
        """Take the next piece; give back the record that it completes, if any."""
        if not self.collecting:
            if piece.ends_line and b'"' not in piece.data:
                return self._simple(piece)
            self.record, self.collecting = _Record(piece.line), True
        self._scan(piece)
        if not piece.ends_line:
            return None
        if self.at is _At.QUOTED:
            self._keep(b"\n")
            return None
        return self._end_record()

    def close(self, line: int) -> None:
        if self.collecting and self.at is _At.QUOTED:
            raise refuse(
                "bad_quote",
                "a quote is opened here and never closed",
                line=self.opened_on,
                line_end=line,
                record=self.finished or None,
            )

    def _simple(self, piece: Piece) -> _Record | None:
        """A whole line without a quote, by far the most common kind."""
        data = piece.data.removesuffix(b"\r")
        if not data:
            return None
        record = _Record(piece.line)
        record.cells = data.split(b",", self.max_columns)
        record.count = len(record.cells)
        if b"\r" in data:
            record.fault = RowFault("bad_line_end", "a lone carriage return stands outside quotes")
        self.finished += 1
        return record

    def _scan(self, piece: Piece) -> None:
        data, place, end = piece.data, 0, len(piece.data)
        while place < end:
            if self.at is _At.QUOTED:
                stop = self._quoted(data, place)
                self.at, place = (_At.CLOSED, stop + 1) if stop < end else (_At.QUOTED, end)
            elif self.at is _At.START and data[place] == 0x22:
                self.at, self.opened_on, place = _At.QUOTED, piece.line, place + 1
            elif self.at in (_At.CLOSED, _At.RETURN):
                self._after_quote(data[place])
                place += 1
            else:
                place = self._plain(data, place)

    def _quoted(self, data: bytes, place: int) -> int:
        """Keep what stands inside quotes, each doubled one as one; give back where a single quote stands."""
        inside = _INSIDE_QUOTES.match(data, place)
        stop = inside.end() if inside else place
        self._keep(data[place:stop].replace(b'""', b'"'))
        return stop

    def _after_quote(self, byte: int) -> None:
        if self.at is _At.CLOSED and byte == 0x22:
            self._keep(b'"')
            self.at = _At.QUOTED
        elif self.at is _At.CLOSED and byte == 0x2C:
            self._end_cell()
        elif self.at is _At.CLOSED and byte == 0x0D:
            self.at = _At.RETURN
        else:
            # Where this record ends can no longer be known, so nothing after it can be trusted.
            raise refuse(
                "bad_quote",
                "text follows the closing quote of a cell",
                line=self.opened_on,
                record=self.finished or None,
            )

    def _plain(self, data: bytes, place: int) -> int:
        self.at = _At.PLAIN
        comma = data.find(b",", place)
        stop = len(data) if comma < 0 else comma
        self._keep(data[place:stop])
        if data.find(b'"', place, stop) >= 0:
            self.record.fault = RowFault(
                "bad_quote", "a quote stands inside a cell that does not begin with one"
            )
        if comma < 0:
            return stop
        self._end_cell()
        return stop + 1

    def _keep(self, data: bytes) -> None:
        room = self.limits.max_record_bytes - self.record.held
        if len(self.cell) + len(data) > 4 * self.limits.max_field_chars or len(data) > room:
            self.cell_too_long = True
            self.record.held -= len(self.cell)
            self.cell.clear()
        if not self.cell_too_long:
            self.cell += data
            self.record.held += len(data)

    def _end_cell(self) -> None:
        record = self.record
        if record.count <= self.max_columns:
            if self.cell_too_long:
                record.too_long.add(record.count)
            elif self.at is not _At.CLOSED and b"\r" in self.cell:
                record.fault = RowFault("bad_line_end", "a lone carriage return stands outside quotes")
            record.cells.append(bytes(self.cell))
        record.count += 1
        if record.count > _HOPELESS * self.max_columns:
            raise refuse("too_many_columns", f"{record.count:,} cells in one row", line=record.line)
        self.cell.clear()
        self.cell_too_long, self.at = False, _At.START

    def _end_record(self) -> _Record | None:
        record = self.record
        if self.at is _At.PLAIN and self.cell.endswith(b"\r"):
            del self.cell[-1]
        if self.at is _At.RETURN:
            self.at = _At.CLOSED
        blank = record.count == 0 and not self.cell and self.at in (_At.START, _At.PLAIN)
        blank = blank and not self.cell_too_long
        self._end_cell()
        self.collecting = False
        if blank:
            return None
        self.finished += 1
        return record


def read_csv(blocks: Iterator[bytes], *, limits: Limits) -> tuple[list[str], Iterator[CsvRecord]]:
    """The header, and the records under it. A header that cannot be understood refuses the file."""
    records = _records(blocks, limits)
    first = next(records, None)
    if first is None:
        raise refuse("no_rows", "the file is empty", line=1)
    header = _header(first[0], limits)
    return [name for name in header if name != SAFE_CELLS], (
        _finish(found, last, number, header, limits) for found, last, number in records
    )


def _records(blocks: Iterator[bytes], limits: Limits) -> Iterator[tuple[_Record, int, int]]:
    splitter = _Splitter(limits)
    line = 1
    for piece in _joined(pieces(blocks)):
        line = piece.line
        found = splitter.feed(piece)
        if found is not None:
            yield found, line, splitter.finished - 1
    splitter.close(line)


def _joined(parts: Iterator[Piece]) -> Iterator[Piece]:
    """Put lines torn by a block border together again, as long as they are short."""
    held: Piece | None = None
    for part in parts:
        if held is not None:
            part = Piece(part.line, held.data + part.data, part.ends_line)
            held = None
        if not part.ends_line and len(part.data) < 1 << 16:
            held = part
        else:
            yield part
    if held is not None:
        yield held


def _header(found: _Record, limits: Limits) -> list[str]:
    if found.count > limits.max_columns:
        raise refuse("too_many_columns", f"the header has more than {limits.max_columns:,} columns", line=1)
    if found.fault is not None:
        raise refuse(found.fault.code, found.fault.message, line=found.line)
    if found.too_long or any(len(cell) > 4096 for cell in found.cells):
        raise refuse("too_long", "the name of a column is far too long", line=found.line)
    try:
        names = [cell.decode("utf-8") for cell in found.cells]
    except UnicodeDecodeError:
        raise refuse("bad_utf8", "the header is not UTF-8", line=found.line) from None
    if any("\0" in name for name in names):
        raise refuse("nul_char", "the name of a column holds the character U+0000", line=found.line)
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise refuse("duplicate_column", "two columns have the same name", line=1, field=safe_name(twice))
    if len(names) == 1:
        _refuse_delimiter(found.cells[0])
    return names


def _refuse_delimiter(only: bytes) -> None:
    sign, count = max(((sign, only.count(sign)) for sign in _OTHER_DELIMITERS), key=lambda pair: pair[1])
    if count:
        name = _OTHER_DELIMITERS[sign]
        raise refuse("bad_delimiter", f"the cells are separated by {name}, not by comma", line=1)


def _finish(found: _Record, last_line: int, number: int, header: list[str], limits: Limits) -> CsvRecord:
    try:
        cells = _cells(found, header, limits)
    except RowFault as fault:
        return CsvRecord(found.line, last_line, number, {}, fault)
    return CsvRecord(found.line, last_line, number, cells, None)


def _cells(found: _Record, header: list[str], limits: Limits) -> dict[str, str]:
    if found.fault is not None:
        raise found.fault
    if found.count != len(header):
        more = f"more than {limits.max_columns:,}" if found.count > limits.max_columns else f"{found.count:,}"
        raise RowFault("ragged", f"{more} cells where the header has {len(header):,} columns")
    cells: dict[str, str] = {}
    for index, (name, raw) in enumerate(zip(header, found.cells, strict=True)):
        if index in found.too_long:
            raise RowFault("too_long", "the cell is far too long", field=safe_name(name))
        try:
            cells[name] = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise RowFault(
                "bad_utf8", "the cell holds bytes that are not UTF-8", field=safe_name(name)
            ) from None
        if "\0" in cells[name]:
            raise RowFault("nul_char", "the cell holds the character U+0000", field=safe_name(name))
        if len(cells[name]) > limits.max_field_chars:
            raise RowFault("too_long", f"over {limits.max_field_chars:,} characters", field=safe_name(name))
    if cells.pop(SAFE_CELLS, None) is not None:
        return {name: cell.removeprefix("'") for name, cell in cells.items()}
    return cells
