"""Columns of any table or JSON lines, told by hand which of our fields they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from annotate.readers.faults import RowFault, refuse
from annotate.readers.foreign.source import (
    Convert,
    Record,
    candidate,
    content_name,
    each,
    judgment,
    row,
    side_of,
)

# Our fields in the order a person fills them in, with what they are for.
FIELDS = {
    "id": "A name for each row; made of the content where there is none",
    "prompt": "What was asked",
    "response_a": "The first response (or the chosen one)",
    "response_b": "The second response (or the rejected one)",
    "model_a": "Who wrote the first",
    "model_b": "Who wrote the second",
    "preference": "The verdict: A, B, tie, neither, or a number from -3 to 3",
    "judge": "Who gave the verdict",
    "justification": "Their words for it",
}
REQUIRED = ("prompt",)
# What columns are called elsewhere, written without anything but letters and digits: a first guess, for a
# person to correct.
RESPONSES = ("response", "answer", "output", "completion", "candidate", "reply", "generation")


def _sides(letter: str, number: str, judged: str) -> tuple[str, ...]:
    return (judged, *(f"{one}{mark}" for one in RESPONSES for mark in (letter, number)), letter)


KNOWN_AS = {
    "id": ("id", "uid", "key", "promptid", "questionid", "index"),
    "prompt": ("prompt", "instruction", "question", "query", "input", "text"),
    "response_a": _sides("a", "1", "chosen"),
    "response_b": _sides("b", "2", "rejected"),
    "model_a": ("modela", "chosenmodel", "model1", "generatora"),
    "model_b": ("modelb", "rejectedmodel", "model2", "generatorb"),
    "preference": ("preference", "winner", "label", "verdict", "choice", "preferred"),
    "judge": ("judge", "annotator", "worker", "user", "rater", "evaluator"),
    "justification": ("justification", "reason", "comment", "rationale", "explanation"),
}


def guess(columns: list[str]) -> dict[str, str]:
    """Our field to their column, by name; each column at most once."""
    left: dict[str, str] = {}
    for column in columns:
        left.setdefault("".join(filter(str.isalnum, column.lower())), column)
    found = {}
    for field, names in KNOWN_AS.items():
        name = next((one for one in names if one in left), None)
        if name is not None:
            found[field] = left.pop(name)
    return found


def mapped(mapping: Mapping[str, str]) -> Convert:
    """Rows by this mapping of our fields to their columns. Raises FileRefused for one that cannot work."""
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise refuse("bad_value", f"{unknown[0]} is none of our fields", field=unknown[0])
    for field in REQUIRED:
        if not mapping.get(field):
            raise refuse("missing_field", "no column is given for it", field=field, cure="Choose a column.")

    def convert(given: Record) -> Iterator[Record]:
        yield _row(given, {field: column for field, column in mapping.items() if column})

    return each(convert)


def _row(given: Record, mapping: Mapping[str, str]) -> Record:
    def cell(field: str) -> Any:
        return given.get(mapping[field]) if field in mapping else None

    if cell("prompt") is None:
        raise RowFault("missing_field", "the column of the prompt is empty", field=mapping["prompt"])
    sides = [
        candidate(cell(f"response_{letter}"), cell(f"model_{letter}"))
        for letter in "ab"
        if cell(f"response_{letter}") is not None
    ]
    judges = []
    if cell("preference") is not None and len(sides) == 2:
        answers: Record = {"preference": _verdict(cell("preference"), mapping["preference"])}
        if isinstance(cell("justification"), str) and cell("justification").strip():
            answers["justification"] = cell("justification")
        judges.append(judgment(cell("judge") or "dataset label", answers))
    used = set(mapping.values())
    meta = {name: value for name, value in given.items() if name not in used}
    identity = cell("id") if cell("id") not in (None, "") else content_name(cell("prompt"), sides)
    return row(identity, cell("prompt"), sides, judgments=judges, meta=meta)


def _verdict(said: Any, column: str) -> Any:
    text = str(said).strip()
    number = text.removeprefix("-").removeprefix("+")
    if isinstance(said, int) or (number.isdecimal() and text[0] in "-+"):
        return int(text)
    side = side_of(text)
    if side is None:
        raise RowFault(
            "bad_value",
            "this is no verdict",
            field=column,
            cure="Use A, B, tie, neither, or a whole number from -3 (the first is much better) to 3.",
        )
    return side
