"""TRL preference records: explicit prompt, conversational or standard, and the implicit form.

Shapes as in TRL 1.16, "Dataset formats and types". In the conversational shape with an explicit prompt,
``chosen`` and ``rejected`` hold the assistant's turn alone. The margin column is read by the reward trainer
only; the direct-preference trainer leaves it aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from curation.formats.jsonl import compact_json
from curation.formats.rows import PairRow

Turn: TypeAlias = dict[str, str]
Record: TypeAlias = dict[str, Any]


def to_conversational(row: PairRow) -> Record:
    """The exported record: messages, then the numbers and the origin of the pair, in the order of the
    columns.

    Every row of a folder has this shape, whether its prompt has one turn or many, so that the folder has
    one schema.
    """
    return {
        "id": row.id,
        "prompt": _turns(row),
        "chosen": [_reply(row.chosen)],
        "rejected": [_reply(row.rejected)],
        "strength": float(row.strength),
        "margin": float(row.margin),
        "confidence": float(row.confidence),
        "n_judges": row.n_judges,
        "chosen_model": row.chosen_model,
        "rejected_model": row.rejected_model,
        "ln_ches": None if row.ln_ches is None else float(row.ln_ches),
        "provenance": compact_json(row.provenance),
    }


def fits_standard(row: PairRow) -> bool:
    """Whether the prompt is one user turn, which is all that the standard shape can say."""
    return [turn["role"] for turn in row.prompt] == ["user"]


def to_standard(row: PairRow) -> Record:
    """The record with plain texts. Raises ValueError for a prompt of several turns or with a system
    message.
    """
    if not fits_standard(row):
        raise ValueError(f"Row {row.id!r} has more than one user turn; use the conversational shape.")
    plain = {"prompt": row.prompt[0]["content"], "chosen": row.chosen, "rejected": row.rejected}
    return to_conversational(row) | plain


def to_implicit(record: Mapping[str, Any]) -> Record:
    """The record without ``prompt``: both responses begin with it. Takes either explicit shape."""
    kept = {key: value for key, value in record.items() if key != "prompt"}
    return kept | {side: record["prompt"] + record[side] for side in ("chosen", "rejected")}


def to_explicit(record: Mapping[str, Any]) -> Record:
    """The prompt taken out again of a conversational implicit record: the turns both sides begin with.

    The last turn of each side is its response and never part of the prompt.
    """
    chosen, rejected = record["chosen"], record["rejected"]
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    return dict(record) | {
        "prompt": chosen[:shared],
        "chosen": chosen[shared:],
        "rejected": rejected[shared:],
    }


def _turns(row: PairRow) -> list[Turn]:
    return [{"role": turn["role"], "content": turn["content"]} for turn in row.prompt]


def _reply(text: str) -> Turn:
    return {"role": "assistant", "content": text}
