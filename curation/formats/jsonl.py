"""JSON as releases write it: the same value always gives the same bytes, and no number that JSON does not
know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

# Made once: json.dumps makes one for every line that departs from its defaults.
_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_line(record: Mapping[str, Any]) -> bytes:
    """One UTF-8 line with its LF, keys in the record's own order.

    Raises ValueError for NaN or an infinity, UnicodeEncodeError for half of a surrogate pair.
    """
    return _LINE.encode(record).encode() + b"\n"


def compact_json(value: Any) -> str:
    """A value as one text with sorted keys, for a cell of a table. Raises ValueError for NaN or an
    infinity.
    """
    return json.dumps(
        _plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def readable_json(value: Any) -> bytes:
    """A document with sorted keys, indented by two, with a last LF. Raises ValueError for NaN or an
    infinity.
    """
    return (
        json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2).encode()
        + b"\n"
    )


def write_lines(stream: BinaryIO, records: Iterable[Mapping[str, Any]]) -> None:
    stream.write(b"".join(map(json_line, records)))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file that :func:`write_lines` made; split at LF alone. Raises ValueError for anything
    else.
    """
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            record = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
            if not isinstance(record, dict):
                raise ValueError(f"Line {number} is not an object.")
            yield record


def _plain(value: Any) -> Any:
    """Any mapping as a dict and any sequence as a list, so that frozen values can be written too."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")
