"""How a candidate came to be, where a file says so: kept with the candidate, so that it can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.strict_json import describe

LONGEST_REVISION = 80
LARGEST_INTEGER = 2**63 - 1
LARGEST_COUNT = 2**31 - 1


def _is_integer(value: Any, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "revision": ("a text", lambda value: isinstance(value, str) and len(value) <= LONGEST_REVISION),
    "parameters": ("an object", lambda value: isinstance(value, dict)),
    "seed": ("a whole number", lambda value: _is_integer(value, LARGEST_INTEGER)),
    "tokens": ("a whole number", lambda value: _is_integer(value, LARGEST_COUNT)),
    "seconds": ("a number of seconds", _is_duration),
}


def how_made(entry: Mapping[str, Any], *, field: str) -> dict[str, Any]:
    """The known keys of a candidate that say how it was made; raises RowFault for one of another type."""
    made = {}
    for key, (expected, fits) in CHECKS.items():
        value = entry.get(key)
        if value is None:
            continue
        if not fits(value):
            raise RowFault(
                "wrong_type", f"expected {expected}, got {describe(value)}", field=f"{field}.{key}"
            )
        made[key] = value
    return made
