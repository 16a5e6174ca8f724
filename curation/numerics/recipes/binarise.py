"""The step that makes pairs out of ratings; it stands first, for it changes what the rows are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.numerics import binarising
from curation.numerics.recipes.columns import Columns, arrow
from curation.numerics.recipes.engine import Notes, State, StepKind
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.parameters import SEED, Choice, Name, Names, Number, Weights
from curation.numerics.recipes.sampling import draws

NAME = "binarise"


def rated(columns: Columns) -> dict[str, NDArray[np.float64]]:
    """Mean ratings by attribute, each of shape (N, k)."""
    names = sorted(name for name in columns.names if name.startswith("rating:"))
    return {name.removeprefix("rating:"): np.asarray(columns[name]) for name in names}


def pairs_of(columns: Columns, values: Mapping[str, Any]) -> binarising.Pairs:
    """The pairs that the strategy makes, by row, with those below the bounds left out."""
    if values["strategy"] == "question":
        found = binarising.all_pairs(standing(columns, values["question"]))
        return _apart(found, values["min_margin"])
    ratings = rated(columns)
    if not ratings:
        raise RecipeError(
            "No response was rated.", field="strategy", cure="Leave this step out, or ask for ratings."
        )
    strategy = values["strategy"]
    try:
        if strategy == "priority":
            found = binarising.by_priority(ratings, values["priority"] or tuple(ratings))
        else:
            scores = binarising.combined(
                ratings, strategy, overall=values["overall"], aspect=values["aspect"],
                weights=values["weights"],
            )  # fmt: skip
            if values["min_score"] is not None:
                best = np.where(np.isfinite(scores), scores, -np.inf).max(axis=1, keepdims=True)
                scores = np.where(best >= values["min_score"], scores, np.nan)
            found = _paired(columns, scores, values)
    except KeyError as missing:
        raise RecipeError(
            f"Nobody rated {missing.args[0]!r}.", field="strategy",
            cure=f"There are {', '.join(ratings)}.",
        ) from missing  # fmt: skip
    return _apart(found, values["min_margin"])


def standing(columns: Columns, question: str) -> NDArray[np.float64]:
    """How high each response stands by a question, (N, k)."""
    known = sorted(name.removeprefix("standing:") for name in columns.names if name.startswith("standing:"))
    if question not in known:
        cure = f"There are {', '.join(known)}." if known else "Ask for a ranking, ratings or levels."
        raise RecipeError(f"{question!r} puts no responses in an order.", field="question", cure=cure)
    return np.asarray(columns[f"standing:{question}"])


def _apart(found: binarising.Pairs, least: float) -> binarising.Pairs:
    keep = found.margins >= least
    return binarising.Pairs(found.items[keep], found.chosen[keep], found.rejected[keep], found.margins[keep])


def _paired(columns: Columns, scores: NDArray[np.float64], values: Mapping[str, Any]) -> binarising.Pairs:
    pairing = values["pairing"]
    if values["strategy"].endswith("max_vs_random"):
        pairing = "max_vs_random"
    elif values["strategy"] in ("max_vs_min", "all_pairs"):
        pairing = values["strategy"]
    if pairing == "max_vs_random":
        return binarising.max_vs_random(scores, draws(columns, values["seed"]))
    return binarising.max_vs_min(scores) if pairing == "max_vs_min" else binarising.all_pairs(scores)


def act(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Sides by the ratings, on rows that were multiplied for it; what has no pair is dropped."""
    chosen, rejected = np.asarray(columns["made_chosen"]), np.asarray(columns["made_rejected"])
    state.chosen[:], state.rejected[:] = chosen, rejected
    state.margin[:] = np.nan_to_num(np.asarray(columns["made_margin"]))
    state.drop(chosen < 0)
    return Notes(facts={"items": int(len(np.unique(np.asarray(columns["item"]))))})


def multiplied(columns: Columns, values: Mapping[str, Any]) -> Columns:
    """The columns with one row per pair that the strategy makes; an item without a pair keeps one row."""
    made = pairs_of(columns, values)
    bare = np.setdiff1d(np.arange(columns.size), made.items)
    index = np.concatenate([made.items, bare])
    none = np.full(len(bare), -1)
    extra: dict[str, Any] = {
        "item": index,
        "made_chosen": np.concatenate([made.chosen, none]).astype(np.int8),
        "made_rejected": np.concatenate([made.rejected, none]).astype(np.int8),
        "made_margin": np.concatenate([made.margins, np.full(len(bare), np.nan)]),
    }
    order = np.lexsort((extra["made_rejected"], extra["made_chosen"], index))
    extra = {name: column[order] for name, column in extra.items()}
    index = extra["item"]
    ids = columns.words("id")
    extra["id"] = [
        f"{ids[row]}:{one}>{two}" if one >= 0 else ids[row]
        for row, one, two in zip(index.tolist(), extra["made_chosen"], extra["made_rejected"], strict=True)
    ]

    both = np.stack([extra["made_chosen"], extra["made_rejected"]])
    ends = {
        "first": np.where(both[0] < 0, 0, both.min(axis=0)),
        "second": np.where(both[0] < 0, 1, both.max(axis=0)),
    }
    stored = (ends["first"] == 0) & (ends["second"] == 1)

    def load(name: str) -> Any:
        if name in extra:
            return extra[name]
        if name in ("first", "second"):
            return pair_texts(columns, index, ends[name])
        column = columns[name]
        if name.partition(":")[0] in columns.scores:
            # Scores are about the stored pair: of another one nothing is known.
            return np.where(stored, np.asarray(column, dtype=np.float64)[index], np.nan)
        return column.take(index) if hasattr(column, "take") and not isinstance(column, np.ndarray) else (
            np.asarray(column)[index])  # fmt: skip

    return Columns(len(index), load, columns.names | set(extra), columns.scores, columns.references)


def pair_texts(columns: Columns, rows: NDArray[np.int64], positions: NDArray[Any]) -> pa.Array:
    """The text at a position of each row's item; those after the second stand among its candidates."""
    first, second = arrow(columns["first"]), arrow(columns["second"])
    found = pc.if_else(pa.array(positions == 0), first.take(rows), second.take(rows)).to_pylist()
    beyond = np.flatnonzero(positions > 1)
    others = arrow(columns["candidates"]).take(rows[beyond]).to_pylist() if len(beyond) else []
    for place, listed in zip(beyond.tolist(), others, strict=True):
        found[place] = json.loads(listed)[int(positions[place])]["text"]
    return pa.array(found, type=pa.large_string())


KIND = StepKind(
    NAME, "Pairs of all responses", "Rows",
    "Make pairs of an item's responses by their ratings, or as a question puts them. It stands first.", act,
    (
        Choice("strategy", "Strategy", "mean_aspects_max_vs_random", options=binarising.STRATEGIES),
        Choice("pairing", "Pairs (for aspect and weighted)", "max_vs_min",
               options=("max_vs_min", "max_vs_random", "all_pairs")),
        Name("overall", "Overall attribute", "overall"),
        Name("aspect", "Aspect", "helpfulness"),
        Name("question", "Question (a ranking, ratings, levels)", "ranking"),
        Weights("weights", "Weights", {}),
        Names("priority", "Attributes by priority", ()),
        Number("min_score", "Best scores at least", None, optional=True),
        Number("min_margin", "Apart by at least", 0.0, low=0),
        SEED,
    ),
)  # fmt: skip
