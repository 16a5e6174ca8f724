"""From the table of settled pairs and a recipe's outcome to a release's own rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.formats.table import (
    TableWriter,
    frozen_schema,
    pair_keys,
    read_batches,
    schema_of,
    take_rows,
    texts_of,
)
from curation.numerics.recipes import SPLITS, Columns, State
from curation.numerics.recipes.private_text import mask_private

TEXT_COLUMNS = ("first", "second", "chosen", "rejected", "prompt_text")


@dataclass(slots=True)
class Frozen:
    """Rows written, and ``keys``: sha256 over every row's pair key and side, in their order."""

    rows: int = 0
    keys: Any = field(default_factory=hashlib.sha256)
    longer_chosen: int = 0
    sides: int = 0
    shown_first: dict[str, list[int]] = field(default_factory=dict)

    @property
    def row_keys_sha256(self) -> str:
        return str(self.keys.hexdigest())


def freeze_rows(
    table: Path, columns: Columns, state: State, out: Path, *, progress: Callable[[int], None] | None = None
) -> Frozen:
    """Write the rows that stand, with what the recipe made of them, to ``out``; streams.

    ``columns`` are those that the recipe was followed on: where it multiplied rows, their ``item`` says
    which row of the table each comes from.
    """
    schema = frozen_schema(schema_of(table))
    origin = np.asarray(columns["item"]) if "item" in columns else None
    found = Frozen()
    with TableWriter(out, schema) as writer:
        start = 0
        for batch in read_batches(table):
            # Batch by batch: the places of a million rows at once would be eight megabytes more.
            ends = start, start + batch.num_rows
            low, high = ends if origin is None else np.searchsorted(origin, ends)
            places = low + np.flatnonzero(state.standing[low:high])
            if len(places):
                rows = (places if origin is None else origin[places]) - start
                made = _made(batch.take(pa.array(rows)), columns, state, places, schema)
                writer.write(made)
                _count(made, found)
                if progress is not None:
                    progress(found.rows)
            start += batch.num_rows
    return found


def frozen_sample(table: Path, columns: Columns, state: State, places: Sequence[int]) -> pa.RecordBatch:
    """A few rows as they would be frozen, in the order of their places, which must ascend."""
    chosen = np.asarray(places, dtype=np.int64)
    rows = chosen if "item" not in columns else np.asarray(columns["item"])[chosen]
    unique, again = np.unique(rows, return_inverse=True)
    batch = take_rows(table, unique.tolist()).combine_chunks().take(pa.array(again)).to_batches()[0]
    return _made(batch, columns, state, chosen, frozen_schema(schema_of(table)))


def _made(
    batch: pa.RecordBatch, columns: Columns, state: State, places: NDArray[np.int64], schema: pa.Schema
) -> pa.RecordBatch:
    chosen_at, rejected_at = state.chosen[places], state.rejected[places]
    chosen, rejected = _side(batch, chosen_at), _side(batch, rejected_at)
    found: dict[str, pa.Array] = {name: batch.column(name) for name in batch.schema.names}
    if "item" in columns:
        ids = columns["id"]
        found["id"] = pa.array([ids[place] for place in places.tolist()], pa.string())
    one = pc.if_else(pa.array(chosen_at >= 0), chosen, texts_of(batch, "first"))
    other = pc.if_else(pa.array(chosen_at >= 0), rejected, texts_of(batch, "second"))
    keys = pair_keys(batch.column("prompt_key"), one, other)
    lower = pc.less_equal(one, other).to_numpy(zero_copy_only=False)
    clusters = state.cluster[places]
    found |= {
        "chosen_position": pa.array(chosen_at),
        "rejected_position": pa.array(rejected_at),
        "soft_label": _floats(state.soft[places]),
        "margin": _floats(state.margin[places]),
        "weight": _floats(state.weight[places]),
        "split": pa.array(np.array(SPLITS, dtype=object)[state.split[places]], pa.string()),
        "cluster": pa.array(clusters, mask=clusters < 0),
        "masked": pa.array(state.mask[places]),
        "chosen": chosen,
        "rejected": rejected,
        "pair_key": pa.array(keys, pa.string()),
        "side": pa.array(np.where(chosen_at < 0, -1, np.where(lower, 0, 1)).astype(np.int8)),
    }
    if state.mask[places].any():
        found |= _masked(found, state.mask[places])
    return pa.RecordBatch.from_arrays([found[one.name].cast(one.type) for one in schema], schema=schema)


def _side(batch: pa.RecordBatch, at: NDArray[np.int8]) -> pa.Array:
    """Text of the response at these positions; null where there is none."""
    picked = pc.if_else(pa.array(at == 0), texts_of(batch, "first"), texts_of(batch, "second"))
    picked = pc.if_else(pa.array(at >= 0), picked, pa.scalar(None, pa.string()))
    if not (at > 1).any():
        return picked
    texts = picked.to_pylist()
    for place in np.flatnonzero(at > 1).tolist():
        texts[place] = json.loads(batch.column("candidates")[place].as_py())[at[place]]["text"]
    return pa.array(texts, pa.string())


def _masked(found: Mapping[str, pa.Array], where: NDArray[np.bool_]) -> dict[str, pa.Array]:
    """Every text of these rows with private data masked, those within JSON as well."""
    changed: dict[str, pa.Array] = {}
    for name in (*TEXT_COLUMNS, "prompt", "candidates", "judgments", "meta"):
        values = found[name].to_pylist()
        for place in np.flatnonzero(where).tolist():
            given = values[place]
            if name in ("candidates", "judgments", "meta"):
                values[place] = json.dumps(
                    masked_value(json.loads(given)), ensure_ascii=False, sort_keys=True, separators=(",", ":")
                )
            else:
                values[place] = masked_value(given)
        changed[name] = pa.array(values, found[name].type)
    return changed


def masked_value(value: Any) -> Any:
    """Every text within a value masked; keys and numbers stay."""
    if isinstance(value, str):
        return mask_private(value)
    if isinstance(value, Mapping):
        return {key: masked_value(inner) for key, inner in value.items()}
    return [masked_value(inner) for inner in value] if isinstance(value, list) else value


def _floats(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))


def _count(made: pa.RecordBatch, found: Frozen) -> None:
    found.rows += made.num_rows
    raw = made.column("side").to_numpy()
    pairs = zip(made.column("pair_key").to_pylist(), raw.tolist(), strict=True)
    found.keys.update("".join(f"{key}{side};" for key, side in pairs).encode())
    chosen, rejected = (
        pc.utf8_length(pc.fill_null(made.column(name), "")).to_numpy() for name in ("chosen", "rejected")
    )
    sided = (raw >= 0) & (chosen != rejected)
    found.sides += int(sided.sum())
    found.longer_chosen += int((sided & (chosen > rejected)).sum())
    for kind, name in (("person", "people"), ("model", "model")):
        counted = found.shown_first.setdefault(kind, [0, 0])
        for place, column in enumerate((f"{name}_shown_first", f"{name}_sides")):
            counted[place] += pc.sum(made.column(column)).as_py() or 0
