"""The pictures that a row names, for its prompt or a candidate: addresses, or names of uploaded files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from annotate.readers.faults import RowFault
from annotate.readers.limits import Limits
from annotate.readers.rows import ImageRow
from annotate.readers.strict_json import describe, read_value
from annotate.readers.texts import a_list, a_name, an_object, set_aside

LONGEST_ALT = 1_000
LONGEST_NAME = 200
LONGEST_ADDRESS = 2_000


def some_images(value: Any, *, field: str, limits: Limits, extras: dict[str, Any]) -> tuple[ImageRow, ...]:
    """The entries in order: a text, or an object with ``name`` or ``url`` and what it shows as ``alt``."""
    if value is None:
        return ()
    entries = a_list(value, field=field, most=limits.max_images)
    return tuple(
        _an_image(entry, field=f"{field}[{place}]", limits=limits, extras=extras)
        for place, entry in enumerate(entries)
    )


def images_in_cell(
    row: Mapping[str, Any], column: str, *, limits: Limits, extras: dict[str, Any]
) -> tuple[ImageRow, ...]:
    """As a table has them: one name or address, or a list of entries as JSON; an empty cell for none."""
    value = row.get(column)
    if isinstance(value, str):
        cell = value.strip()
        value = read_value(cell.encode(), limits=limits) if cell.startswith("[") else [cell] if cell else None
    return some_images(value, field=column, limits=limits, extras=extras)


def _an_image(value: Any, *, field: str, limits: Limits, extras: dict[str, Any]) -> ImageRow:
    if isinstance(value, str):
        entry: dict[str, Any] = {"url" if "://" in value else "name": value}
    elif isinstance(value, dict):
        entry = an_object(value, field=field)
    else:
        raise RowFault("wrong_type", f"expected a name or an object, got {describe(value)}", field=field)
    name = a_name(entry.get("name"), field=f"{field}.name", limits=limits, most=LONGEST_NAME)
    url = a_name(entry.get("url"), field=f"{field}.url", limits=limits, most=LONGEST_ADDRESS)
    alt = a_name(entry.get("alt"), field=f"{field}.alt", limits=limits, most=LONGEST_ALT)
    if bool(name) == bool(url):
        raise RowFault(
            "bad_value",
            "a picture has either a name or an address",
            field=field,
            cure="Give the name of an uploaded file, or an address that begins with https://.",
        )
    if url and not _is_secure(url):
        raise RowFault(
            "bad_value",
            "this is no address of a picture",
            field=f"{field}.url" if isinstance(value, dict) else field,
            cure="Use an address that begins with https://, or upload the file and give its name.",
        )
    set_aside(entry, known={"name", "url", "alt"}, field=field, extras=extras)
    return ImageRow(name, url, alt)


def _is_secure(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)
