"""TRL's preference rows: a chosen and a rejected side, the prompt given or to be found in both."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.images import images_in_cell
from annotate.readers.limits import Limits
from annotate.readers.rows import CandidateRow, ImageRow, JudgmentRow, Message
from annotate.readers.texts import (
    a_conversation,
    a_prompt,
    a_text,
    an_id,
    is_blank,
    refuse_identical,
)

LABEL = "dataset label"
_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLE = {"Human": "user", "Assistant": "assistant"}
_LAST_BREAK = re.compile(r"\s(?=\S*\Z)")
Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Preference:
    external_id: str
    prompt: Conversation
    candidates: tuple[CandidateRow, CandidateRow]
    judgment: JudgmentRow
    known: set[str]
    images: tuple[ImageRow, ...]


def read_preference(row: dict[str, Any], *, limits: Limits, extras: dict[str, Any]) -> Preference:
    """Chosen becomes candidate 0, rejected candidate 1, the label a recorded judgment for the first."""
    sides = (_side(row, "chosen", limits, extras), _side(row, "rejected", limits, extras))
    known = {"id", "chosen", "rejected", "prompt", "images", "images_chosen", "images_rejected"}
    images, *pictured = (
        images_in_cell(row, column, limits=limits, extras=extras)
        for column in ("images", "images_chosen", "images_rejected")
    )
    if row.get("prompt") is None:
        prompt, ends = _implicit(sides)
    elif _repeats_prompt(row["prompt"], sides):
        prompt, ends = _implicit(sides)
        known.discard("prompt")  # it stands in both sides; its own copy is kept as metadata
    else:
        prompt = a_prompt(row["prompt"], field="prompt", limits=limits, extras=extras)
        ends = sides
    candidates = (
        _candidate(ends[0], prompt, "chosen", pictured[0]),
        _candidate(ends[1], prompt, "rejected", pictured[1]),
    )
    refuse_identical(
        [(side.prompt, side.text, side.images) for side in candidates], fields=["chosen", "rejected"]
    )
    return Preference(_external_id(row, limits), prompt, candidates, _label(), known, images)


def _label() -> JudgmentRow:
    return JudgmentRow(judge=LABEL, kind="person", answers={"preference": -1})


def _external_id(row: Mapping[str, Any], limits: Limits) -> str:
    """The row's own id, or one made of its content."""
    given = row.get("id")
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if given is not None:
        return an_id(row, limits=limits)
    content = json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    return "sha-" + hashlib.sha256(content).hexdigest()[:24]


def _side(row: Mapping[str, Any], key: str, limits: Limits, extras: dict[str, Any]) -> str | Conversation:
    if key not in row:
        raise RowFault("missing_field", "a required field is absent", field=key)
    value = row[key]
    if isinstance(value, list):
        return a_conversation(value, field=key, limits=limits, extras=extras)
    return a_text(value, field=key, limits=limits)


def _repeats_prompt(prompt: Any, sides: tuple[str | Conversation, str | Conversation]) -> bool:
    """A plain prompt beside whole conversations that begin with it, as some published sets have it."""
    return isinstance(prompt, str) and all(
        not isinstance(side, str) and side[0].role in ("system", "developer", "user") for side in sides
    )


def _implicit(
    sides: tuple[str | Conversation, str | Conversation],
) -> tuple[Conversation, tuple[str | Conversation, str | Conversation]]:
    chosen, rejected = sides
    if isinstance(chosen, str) and isinstance(rejected, str):
        turns = (_transcript(chosen), _transcript(rejected))
        if turns[0] is None or turns[1] is None:
            return _common_text(chosen, rejected)
        return _common_messages(turns[0], turns[1])
    if isinstance(chosen, str) or isinstance(rejected, str):
        raise RowFault("wrong_type", "one side is text and the other a conversation", field="rejected")
    return _common_messages(chosen, rejected)


def _transcript(text: str) -> Conversation | None:
    """Turns of a text like "\\n\\nHuman: Hi\\n\\nAssistant: Hello", or None where it is no such text."""
    before, *turns = _TURN.split(text)
    if before.strip() or not turns:
        return None
    return tuple(
        Message(_ROLE[who], said.removeprefix(" ")) for who, said in zip(turns[::2], turns[1::2], strict=True)
    )


def _common_messages(
    chosen: Conversation, rejected: Conversation
) -> tuple[Conversation, tuple[Conversation, Conversation]]:
    """The longest common beginning that leaves each side at least its last message."""
    most = min(len(chosen), len(rejected)) - 1
    shared = next((place for place in range(most) if chosen[place] != rejected[place]), most)
    if all(is_blank(message.content) for message in chosen[:shared]):
        raise _no_prompt()
    return chosen[:shared], (chosen[shared:], rejected[shared:])


def _common_text(chosen: str, rejected: str) -> tuple[Conversation, tuple[str, str]]:
    """The longest common beginning of whole words; prompt and text put together are the side as it was."""
    most = min(len(chosen), len(rejected))
    shared = most if chosen[:most] == rejected[:most] else _first_difference(chosen, rejected, most)
    cut = _LAST_BREAK.search(chosen[:shared])
    end = cut.end() if cut else 0
    if is_blank(chosen[:end]):
        raise _no_prompt()
    return (Message("user", chosen[:end]),), (chosen[end:], rejected[end:])


def _first_difference(one: str, other: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _no_prompt() -> RowFault:
    return RowFault(
        "missing_field", "no prompt is given, and the two sides do not begin alike", field="prompt"
    )


def _candidate(
    side: str | Conversation, prompt: Conversation, field: str, images: tuple[ImageRow, ...]
) -> CandidateRow:
    """The last message is what is judged; turns between it and the prompt become the candidate's own prompt.

    A message may be empty, for models do say nothing; a text may not, for there it is a gap in the table,
    unless a picture stands there.
    """
    if isinstance(side, str):
        if is_blank(side) and not images:
            raise RowFault("blank", "there is nothing that a person could read", field=field)
        return CandidateRow(side, images=images)
    if side[-1].role != "assistant":
        raise RowFault(
            "bad_value",
            "the last message of the conversation is not the assistant's",
            field=field,
            cure="End each side with the answer of the assistant.",
        )
    own = prompt + side[:-1] if len(side) > 1 else None
    return CandidateRow(side[-1].content, prompt=own, images=images)
