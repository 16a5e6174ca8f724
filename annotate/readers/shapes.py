"""The row shapes we know, told apart by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.images import images_in_cell, some_images
from annotate.readers.judgments import a_judgment
from annotate.readers.limits import Limits
from annotate.readers.preferences import Preference, read_preference
from annotate.readers.provenance import how_made
from annotate.readers.rows import CandidateRow, ItemRow, Message
from annotate.readers.strict_json import describe
from annotate.readers.texts import (
    a_list,
    a_name,
    a_prompt,
    an_id,
    an_object,
    refuse_identical,
    required_text,
    set_aside,
)


class Shape(Enum):
    """What a row is called, and whether its sides are conversations."""

    OWN = "own", False
    FLAT = "flat pairwise", False
    EXPLICIT = "preference", False
    EXPLICIT_CONVERSATION = "preference", True
    IMPLICIT = "preference without prompt", False
    IMPLICIT_CONVERSATION = "preference without prompt", True

    @property
    def required(self) -> tuple[str, ...]:
        return _REQUIRED[self.value[0]]


_REQUIRED = {
    "own": ("id", "prompt"),
    "flat pairwise": ("id", "prompt", "response_a", "response_b"),
    "preference": ("prompt", "chosen", "rejected"),
    "preference without prompt": ("chosen", "rejected"),
}


@dataclass(frozen=True, slots=True)
class Place:
    line: int
    record: int


_OWN_KEYS = {"id", "prompt", "images", "candidates", "judgments", "meta"}
_FLAT_KEYS = {
    *("id", "prompt", "images", "response_a", "response_b"),
    *("images_a", "images_b", "model_a", "model_b"),
}
UNRECOGNISED = "unrecognised"


def recognise(row: Mapping[str, Any]) -> Shape:
    if "response_a" in row or "response_b" in row:
        return Shape.FLAT
    if ("chosen" in row or "rejected" in row) and "candidates" not in row:
        conversation = isinstance(row.get("chosen", row.get("rejected")), list)
        if row.get("prompt") is not None:
            return Shape.EXPLICIT_CONVERSATION if conversation else Shape.EXPLICIT
        return Shape.IMPLICIT_CONVERSATION if conversation else Shape.IMPLICIT
    return Shape.OWN


def read_row(row: dict[str, Any], *, at: Place, expected: Shape | None, limits: Limits) -> ItemRow:
    """An item in the file's shape. `expected` is None until a first row of the file was good."""
    shape = recognise(row)
    if expected is not None and shape is not expected:
        raise _other_shape(row, shape, expected)
    if shape is Shape.OWN:
        return _own(row, at, limits)
    if shape is Shape.FLAT:
        return _flat(row, at, limits)
    return _preference(row, at, limits)


def _other_shape(row: Mapping[str, Any], shape: Shape, expected: Shape) -> RowFault:
    missing = next((key for key in expected.required if key not in row), None)
    if missing is None and shape.required == expected.required:
        return RowFault("wrong_type", f"{describe(row['chosen'])}, unlike in the rows before", field="chosen")
    return RowFault("missing_field", "this row has another shape than the rows before", field=missing)


def check_columns(columns: Sequence[str], *, whole_rows: bool = False) -> Shape:
    """The shape of a table by its header; `whole_rows` says that a cell may hold lists and objects."""
    shape = recognise(dict.fromkeys(columns, ""))
    if shape is Shape.OWN and "candidates" in columns and not whole_rows:
        raise RowFault(
            "missing_column",
            "candidates cannot stand in one cell of a table",
            field="response_a",
            cure="Use the columns response_a and response_b, or JSONL.",
        )
    missing = next((key for key in shape.required if key not in columns), None)
    if missing is not None:
        raise RowFault("missing_column", "a required column is absent", field=missing)
    return shape


def _own(row: dict[str, Any], at: Place, limits: Limits) -> ItemRow:
    extras: dict[str, Any] = {}
    external_id = an_id(row, limits=limits)
    if "prompt" not in row:
        raise RowFault("missing_field", "a required field is absent", field="prompt")
    prompt = a_prompt(row["prompt"], field="prompt", limits=limits, extras=extras)
    images = some_images(row.get("images"), field="images", limits=limits, extras=extras)
    listed = row.get("candidates")
    candidates = tuple(
        _candidate(entry, prompt, f"candidates[{index}]", limits, extras)
        for index, entry in enumerate(
            [] if listed is None else a_list(listed, field="candidates", most=limits.max_candidates)
        )
    )
    refuse_identical(
        [(candidate.prompt, candidate.text, candidate.images) for candidate in candidates],
        fields=[f"candidates[{index}].text" for index in range(len(candidates))],
    )
    judged = row.get("judgments")
    judgments = tuple(
        a_judgment(
            entry, field=f"judgments[{index}]", candidates=len(candidates), limits=limits, extras=extras
        )
        for index, entry in enumerate(
            [] if judged is None else a_list(judged, field="judgments", most=limits.max_judgments)
        )
    )
    meta = {} if row.get("meta") is None else an_object(row["meta"], field="meta")
    meta = _meta(row, known=_OWN_KEYS, extras=extras, given=meta)
    return ItemRow(at.line, at.record, external_id, prompt, candidates, judgments, meta, images)


def _candidate(
    value: Any, prompt: tuple[Message, ...], field: str, limits: Limits, extras: dict[str, Any]
) -> CandidateRow:
    """A candidate may be empty here: models do say nothing, and people judged it."""
    entry = an_object(value, field=field)
    text = required_text(entry, "text", field=f"{field}.text", limits=limits, blank=True)
    own: tuple[Message, ...] | None = None
    if entry.get("prompt") is not None:
        own = a_prompt(entry["prompt"], field=f"{field}.prompt", limits=limits, extras=extras)
    made = how_made(entry, field=field)
    images = some_images(entry.get("images"), field=f"{field}.images", limits=limits, extras=extras)
    known = {"text", "model", "prompt", "images"} | set(made)
    set_aside(entry, known=known, field=field, extras=extras)
    model = a_name(entry.get("model"), field=f"{field}.model", limits=limits)
    return CandidateRow(text, model, None if own == prompt else own, made, images)


def _flat(row: dict[str, Any], at: Place, limits: Limits) -> ItemRow:
    missing = next((key for key in Shape.FLAT.required if key not in row), None)
    if missing is not None:
        raise RowFault("missing_field", "a required field is absent", field=missing)
    extras: dict[str, Any] = {}
    external_id = an_id(row, limits=limits)
    prompt = required_text(row, "prompt", field="prompt", limits=limits)
    images = images_in_cell(row, "images", limits=limits, extras=extras)
    candidates = tuple(_flat_side(row, side, limits, extras) for side in ("a", "b"))
    refuse_identical(
        [(candidate.text, candidate.images) for candidate in candidates], fields=["response_a", "response_b"]
    )
    meta = _meta(row, known=_FLAT_KEYS, extras=extras, given={})
    return ItemRow(at.line, at.record, external_id, (Message("user", prompt),), candidates, (), meta, images)


def _flat_side(row: dict[str, Any], side: str, limits: Limits, extras: dict[str, Any]) -> CandidateRow:
    """A response of a table: a gap in it is a fault, unless a picture stands there."""
    field = f"response_{side}"
    images = images_in_cell(row, f"images_{side}", limits=limits, extras=extras)
    text = required_text(row, field, field=field, limits=limits, blank=bool(images))
    model = a_name(row.get(f"model_{side}"), field=f"model_{side}", limits=limits)
    return CandidateRow(text, model, images=images)


def _preference(row: dict[str, Any], at: Place, limits: Limits) -> ItemRow:
    extras: dict[str, Any] = {}
    found: Preference = read_preference(row, limits=limits, extras=extras)
    meta = _meta(row, known=found.known, extras=extras, given={})
    return ItemRow(
        at.line,
        at.record,
        found.external_id,
        found.prompt,
        found.candidates,
        (found.judgment,),
        meta,
        found.images,
    )


def _meta(
    row: Mapping[str, Any], *, known: set[str], extras: Mapping[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    """Keys that are not ours are metadata and nothing else: they reach no field of a model."""
    meta = dict(given)
    rest = {key: value for key, value in row.items() if key not in known}
    if extras:
        rest[UNRECOGNISED] = {**dict(extras), **({"": rest[UNRECOGNISED]} if UNRECOGNISED in rest else {})}
    for key, value in rest.items():
        if key in meta:
            raise RowFault("duplicate_key", "the key stands both in meta and beside it", field="meta")
        meta[key] = value
    return meta
