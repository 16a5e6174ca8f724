"""CSV that a spreadsheet may open: no cell is a formula, and our own import gets every text back exactly."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

# The last column, by which our import knows that cells have to be put back.
MARK, SAFE = "winnow_cells", "safe"
_FORMULA = frozenset("=+-@")
_CONTROL = frozenset("\t\r\n\0")
_PASSED_OVER = frozenset("\"'`´‘’‚‛“”„‟«»‹›\ufeff\u200b\u200c\u200d\u2060\u00a0 ")


def safe_cell(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet might take it for more than text, or where it
    begins with an apostrophe already: taking one away gives it back.

    Signs count behind quotes, marks and spaces, and in their full-width forms, for programs that strip them.
    """
    if text[:1] in ("'", *_CONTROL):
        return f"'{text}"
    rest = text.lstrip("".join(_PASSED_OVER | _CONTROL))
    first = unicodedata.normalize("NFKC", rest[:1])[:1].replace("\u2212", "-")
    return f"'{text}" if first in _FORMULA and first else text


class CsvFile:
    """A table being written; a context manager. Every cell is quoted, lines end as RFC 4180 says."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow([*self._columns, MARK])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def write(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Records of texts and numbers; an empty cell for what there is none of."""
        self._writer.writerows(
            [*("" if row[name] is None else safe_cell(str(row[name])) for name in self._columns), SAFE]
            for row in records
        )
