"""Formats of one row per pair: TRL's preferences, explicit or implicit, with margins and weights.

Shapes as in TRL 1.16, "Dataset formats and types". In the conversational shape with an explicit prompt,
``chosen`` and ``rejected`` hold the assistant's turn alone; in the implicit form each begins with the
prompt. RewardTrainer reads ``margin``; DPOTrainer leaves it aside.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.formats.arrays import answers_in, joined, prompts_in, text_type
from curation.formats.options import BOTH_ORDERS, Options
from curation.formats.table import texts_of

VERDICT_OF = {"ties": 2, "neither": 3, "undecided": 4}
NUMBERS = (
    ("margin", pa.float64()),
    ("soft_label", pa.float64()),
    ("weight", pa.float64()),
    ("ls_factor", pa.float64()),
    ("strength", pa.float64()),
    ("confidence", pa.float64()),
    ("n_judges", pa.int64()),
    ("ln_ches", pa.float64()),
)
ORIGIN = (
    ("chosen_model", pa.string()),
    ("rejected_model", pa.string()),
    ("chosen_revision", pa.string()),
    ("rejected_revision", pa.string()),
    ("chosen_position", pa.int8()),
    ("rejected_position", pa.int8()),
    ("item", pa.string()),
    ("pair_key", pa.string()),
)
# What was shown beside the texts, and the columns that tell it; empty where there was nothing.
PICTURED = ("images", "candidates")
PICTURES = ("images", "images_chosen", "images_rejected")
POSITIONS = ("chosen_position", "rejected_position")
LN_CHES = ("score:ln_ches:first", "score:ln_ches:second")
READ = (
    "id", "prompt", "chosen", "rejected", "verdict", "preference", "confidence", "n_judges", "margin",
    "soft_label", "weight", "item_key", "pair_key", "chosen_position", "rejected_position", "first_model",
    "second_model", "first_revision", "second_revision", *LN_CHES,
)  # fmt: skip


def pair_schema(options: Options, *, implicit: bool) -> pa.Schema:
    text = text_type(options.shape)
    sides = [("chosen", text), ("rejected", text)]
    head = [("id", pa.string()), *([] if implicit else [("prompt", text)]), *sides]
    return pa.schema([pa.field(name, kind) for name, kind in (*head, *NUMBERS, *ORIGIN)])


class PairMaker:
    """Columnar: a batch in, a batch out, no row in between."""

    def __init__(self, options: Options, _frozen: pa.Schema, *, implicit: bool = False) -> None:
        self.options = options
        self.implicit = implicit
        self.schema = pair_schema(options, implicit=implicit)
        doubles = BOTH_ORDERS in options.policies.values()
        self.columns: tuple[str, ...] = (*READ, "first", "second") if doubles else READ

    def records(self, batch: pa.RecordBatch) -> list[dict[str, Any]]:
        return self.convert(batch).to_pylist()  # type: ignore[no-any-return]  # Arrow has no types

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        found = self.found(sided(batch, self.options))
        return pa.RecordBatch.from_arrays(
            [_cast(found[field.name], field.type) for field in self.schema], schema=self.schema
        )

    def found(self, turned: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """The columns of the schema, by name, from rows that have sides."""
        prompts = prompts_in(self.options.shape, turned["prompt"])
        sides = [answers_in(self.options.shape, turned[side]) for side in ("chosen", "rejected")]
        found = dict(turned)
        if self.implicit:
            sides = [joined(self.options.shape, prompts, side) for side in sides]
        found |= {"prompt": prompts, "chosen": sides[0], "rejected": sides[1]}
        found["ls_factor"] = ls_factor(turned["delta"], self.options.numbers.get("k", 0.5))
        return found


class TableMaker(PairMaker):
    """The explicit rows with the pictures that were shown, in the columns that our own import reads."""

    def __init__(self, options: Options, frozen: pa.Schema) -> None:
        super().__init__(options, frozen)
        # Releases frozen before prompts could show pictures have no column of them.
        if "images" in frozen.names:
            self.columns = (*self.columns, *PICTURED)
            self.schema = pa.schema([*self.schema, *(pa.field(name, pa.string()) for name in PICTURES)])

    def found(self, turned: dict[str, pa.Array]) -> dict[str, pa.Array]:
        found = super().found(turned)
        if set(PICTURED) <= set(turned):
            rows = zip(*(turned[name].to_pylist() for name in (*PICTURED, *POSITIONS)), strict=True)
            cells = [_pictures(*row) for row in rows]
            found |= {name: pa.array([row[at] for row in cells]) for at, name in enumerate(PICTURES)}
        return found


def sided(batch: pa.RecordBatch, options: Options) -> dict[str, pa.Array]:
    """The rows that have sides, and those that get them from the policies: one in each order, at 0.5."""
    chosen = batch.column("chosen_position").to_numpy()
    verdict = batch.column("verdict").to_numpy()
    decided = np.flatnonzero(chosen >= 0)
    doubled = [VERDICT_OF[name] for name, policy in options.policies.items() if policy == BOTH_ORDERS]
    extra = np.flatnonzero((chosen < 0) & np.isin(verdict, doubled))
    if len(extra):
        # A response that was judged by itself has no other to stand against.
        extra = extra[batch.column("second").is_valid().to_numpy(zero_copy_only=False)[extra]]
    if len(decided) == batch.num_rows:
        plain = np.zeros(len(decided), dtype=bool)
        return _columns(batch, plain, plain)
    index = np.concatenate([decided, extra, extra])
    order = np.argsort(index, kind="stable")
    made_up = (np.arange(len(index)) >= len(decided))[order]
    turned = (np.arange(len(index)) >= len(decided) + len(extra))[order]
    taken = batch.take(pa.array(index[order]))
    return _columns(taken, made_up, turned)


def _columns(taken: pa.RecordBatch, made_up: np.ndarray, turned: np.ndarray) -> dict[str, pa.Array]:
    up, turn = pa.array(made_up), pa.array(turned)

    def side(stored: str, one: str, other: str) -> pa.Array:
        found = texts_of(taken, stored)
        if not made_up.any():
            return found
        return pc.if_else(up, pc.if_else(turn, texts_of(taken, other), texts_of(taken, one)), found)

    chosen_at = np.where(made_up, turned, taken.column("chosen_position").to_numpy()).astype(np.int8)
    rejected_at = np.where(made_up, ~turned, taken.column("rejected_position").to_numpy()).astype(np.int8)
    ids = taken.column("id")
    suffix = pc.if_else(turn, ":turned", "")
    half = pc.if_else(up, pa.scalar(0.5), taken.column("soft_label"))
    margin = pc.if_else(up, pa.scalar(0.0), taken.column("margin"))
    preference = pc.fill_null(pc.abs(taken.column("preference")), 0.0)
    found = {
        "id": pc.binary_join_element_wise(ids, suffix, ""),
        "prompt": taken.column("prompt"),
        "chosen": side("chosen", "first", "second"),
        "rejected": side("rejected", "second", "first"),
        "margin": margin,
        "soft_label": half,
        "weight": taken.column("weight"),
        "strength": preference,
        "delta": pc.multiply(margin, 3.0),
        "confidence": taken.column("confidence"),
        "n_judges": taken.column("n_judges"),
        "ln_ches": _ln_ches(taken, chosen_at),
        "chosen_position": pa.array(chosen_at),
        "rejected_position": pa.array(rejected_at),
        "item": taken.column("item_key"),
        "pair_key": taken.column("pair_key"),
        **{name: taken.column(name) for name in PICTURED if name in taken.schema.names},
    }
    for what in ("model", "revision"):
        pair = texts_of(taken, f"first_{what}"), texts_of(taken, f"second_{what}")
        for name, at in (("chosen", chosen_at), ("rejected", rejected_at)):
            found[f"{name}_{what}"] = _stored(*pair, at)
    return found


def _pictures(images: str, candidates: str, *positions: int) -> tuple[str, str, str]:
    """The cells of one row: JSON lists of names or addresses with what they show; empty where none are."""
    sides = json.loads(candidates) if '"images"' in candidates else []
    shown = [json.loads(images or "[]"), *(sides[at].get("images", []) if sides else [] for at in positions)]
    prompt, chosen, rejected = (
        json.dumps([{key: one[key] for key in ("name", "url", "alt") if one.get(key)} for one in some],
                   ensure_ascii=False) if some else ""
        for some in shown
    )  # fmt: skip
    return prompt, chosen, rejected


def _stored(first: pa.Array, second: pa.Array, at: np.ndarray) -> pa.Array:
    """What is known of the stored pair's side; null where it is empty, or the side is a later candidate."""
    picked = pc.if_else(pa.array(at == 0), first, second)
    known = pc.and_(pa.array(at <= 1), pc.not_equal(picked, ""))
    return pc.if_else(known, picked, pa.scalar(None, pa.string()))


def _ln_ches(taken: pa.RecordBatch, chosen_at: np.ndarray) -> pa.Array:
    if not set(LN_CHES) <= set(taken.schema.names):
        return pa.nulls(taken.num_rows, pa.float64())
    return pc.if_else(pa.array(chosen_at == 0), taken.column(LN_CHES[0]), taken.column(LN_CHES[1]))


def ls_factor(delta: pa.Array, k: float) -> pa.Array:
    """1 − e^{−kδ} (MM-RLHF, arXiv 2502.10391): β is raised by up to w of it for pairs that are far apart."""
    return pc.subtract(pa.scalar(1.0), pc.exp(pc.multiply(delta, pa.scalar(-k))))


def dynamic_beta(delta: float, *, beta: float = 0.1, w: float = 0.1, k: float = 0.5) -> float:
    """β(δ) = β₀ (1 + w (1 − e^{−kδ})), never below 0.001."""
    return max(beta * (1 + w * (1 - float(np.exp(-k * delta)))), 1e-3)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type.equals(kind) else column.cast(kind)
