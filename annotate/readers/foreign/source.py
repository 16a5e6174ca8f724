"""What a foreign source is: how its records become rows of our own shape."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.readers.faults import RowFault

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A record of the file, or a row made of it, with its place."""

    line: int
    number: int
    row: Record


Convert = Callable[[Iterator[Found]], Iterator["Found | tuple[Found, RowFault]"]]


@dataclass(frozen=True, slots=True)
class Source:
    """``about`` tells a person what file is meant; ``preset`` names the questions its answers belong to."""

    name: str
    title: str
    about: str
    convert: Convert
    preset: str = ""


def each(convert: Callable[[Record], Iterable[Record]]) -> Convert:
    """Records one by one, each becoming as many rows as it holds items."""

    def run(records: Iterator[Found]) -> Iterator[Found | tuple[Found, RowFault]]:
        for found in records:
            try:
                rows = list(convert(found.row))
            except RowFault as fault:
                yield found, fault
                continue
            for row in rows:
                yield Found(found.line, found.number, row)

    return run


def gathered(name: Callable[[Record], str], convert: Callable[[Sequence[Record]], Record]) -> Convert:
    """Neighbouring records with one name become one row: each is what one person said, or one response."""

    def run(records: Iterator[Found]) -> Iterator[Found | tuple[Found, RowFault]]:
        held: list[Found] = []
        for found in records:
            try:
                same = not held or name(found.row) == name(held[0].row)
            except RowFault as fault:
                yield found, fault
                continue
            if not same:
                yield from close(held)
                held = []
            held.append(found)
        if held:
            yield from close(held)

    def close(held: Sequence[Found]) -> Iterator[Found | tuple[Found, RowFault]]:
        try:
            yield Found(held[0].line, held[0].number, convert([one.row for one in held]))
        except RowFault as fault:
            yield held[0], fault

    return run


def need(row: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that is there; a RowFault names the first where none is."""
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise RowFault("missing_field", f"none of {', '.join(names)} is given", field=names[0])


def an_object_of(row: Mapping[str, Any], name: str) -> Record:
    value = row.get(name)
    if not isinstance(value, dict):
        raise RowFault("wrong_type", "expected an object", field=name)
    return value


def a_list_of(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    if not isinstance(value, list):
        raise RowFault("wrong_type", "expected a list", field=name)
    return value


def prompt_of(value: Any) -> Any:
    """A text, or messages whose authors are called as other tools call them."""
    if not isinstance(value, list):
        return value
    return [_message(one) for one in value]


_ROLES = {"human": "user", "prompter": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}


def _message(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    role = one.get("role", one.get("from"))
    content = one.get("content", one.get("value", one.get("text")))
    return {"role": _ROLES.get(role, role) if isinstance(role, str) else role, "content": content}


def judgment(judge: Any, answers: Record, *, kind: str = "person", **more: Any) -> Record:
    """A judgment of our own shape; what is None is left out."""
    made = {"judge": str(judge), "kind": kind, "answers": answers}
    return made | {key: value for key, value in more.items() if value is not None}


def row(identity: Any, prompt: Any, candidates: Iterable[Record], **more: Any) -> Record:
    made = {"id": str(identity), "prompt": prompt_of(prompt), "candidates": list(candidates)}
    return made | {key: value for key, value in more.items() if value not in (None, {}, [])}


def candidate(text: Any, model: Any = None, **more: Any) -> Record:
    made: Record = {"text": text}
    if isinstance(model, str) and model:
        made["model"] = model
    return made | {key: value for key, value in more.items() if value is not None}


def ranking_of(ranks: Sequence[float]) -> list[list[int]]:
    """Groups of positions from best to worst; the lowest rank is best, and equal ranks tie."""
    return [[place for place, rank in enumerate(ranks) if rank == level] for level in sorted(set(ranks))]


def side_of(said: Any) -> int | str | None:
    """-1 for the first, 1 for the second, tie or neither, by the words that tools use; None for no word."""
    word = re.sub(r"[^a-z0-9]+", "", str(said).lower())
    if word in _FIRST:
        return -1
    if word in _SECOND:
        return 1
    if word in ("tie", "equal", "same", "both", "bothgood", "draw", "0"):
        return "tie"
    return "neither" if word in ("neither", "bothbad", "tiebothbad", "none", "bad") else None


_NAMES = ("", "model", "response", "completion", "answer", "output")
_FIRST = {"left", "first", "chosen"} | {name + end for name in _NAMES for end in ("a", "1")}
_SECOND = {"right", "second", "rejected"} | {name + end for name in _NAMES for end in ("b", "2")}


def content_name(prompt: Any, candidates: Any) -> str:
    """A name made of the content, for rows that have none."""
    content = json.dumps([prompt, candidates], sort_keys=True, ensure_ascii=False).encode()
    return "sha-" + hashlib.sha256(content).hexdigest()[:24]
