"""Following a recipe: which pairs stay, and what each step dropped and why."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.recipes import (
    DropAlike,
    DropDuplicates,
    DropUndecided,
    RecipeError,
    Step,
    recipe_from_dicts,
    recipe_to_dicts,
    step_to_dict,
)

__all__ = [
    "DropAlike",
    "DropDuplicates",
    "DropUndecided",
    "Histogram",
    "PairColumns",
    "RecipeError",
    "Selection",
    "Step",
    "StepOutcome",
    "apply_recipe",
    "outcome_to_dict",
    "recipe_from_dicts",
    "recipe_to_dicts",
    "step_to_dict",
]

Mask = NDArray[np.bool_]

DECIDED = frozenset({"first", "second"})
BINS = 20


@dataclass(frozen=True, slots=True)
class PairColumns:
    """N pairs by column, in any order; every column has N entries.

    ``ids``: unique names, which also break ties. ``verdicts``: "first", "second", or anything else for a
    pair without a preferred side. ``prompts``, ``chosen``, ``rejected``: texts (a prompt of several turns
    as one text that stands for it); where no side is preferred, chosen is the first candidate. ``ln_ches``:
    float, shape (N,), in the direction of the label, NaN where there is no score.
    """

    ids: Sequence[str]
    verdicts: Sequence[str]
    prompts: Sequence[str]
    chosen: Sequence[str]
    rejected: Sequence[str]
    ln_ches: NDArray[np.float64]

    def __post_init__(self) -> None:
        sizes = {
            len(self.verdicts),
            len(self.prompts),
            len(self.chosen),
            len(self.rejected),
            len(self.ln_ches),
        }
        if sizes != {len(self.ids)}:
            raise ValueError("Every column must have as many entries as there are ids.")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("Every pair must have an id of its own.")


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[k]`` scores lie from ``edges[k]`` up to ``edges[k + 1]``; the last bin includes its end."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step did.

    ``kept`` and ``dropped`` count pairs; ``dropped_index`` are their places in the columns, ascending, and
    ``dropped_ids`` their ids in the same order. Of ``drop_alike`` only: ``threshold``, the lowest score
    dropped; ``histogram`` of the scores before the step; ``unscored``, pairs kept because they have no
    score. Of ``drop_duplicates`` only: ``contradictory``, the dropped pairs whose label is the opposite of
    the pair kept, and ``identical``, the dropped pairs whose two responses are the same.
    """

    name: str
    parameters: dict[str, Any]
    kept: int
    dropped: int
    dropped_index: tuple[int, ...]
    dropped_ids: tuple[str, ...]
    threshold: float | None = None
    histogram: Histogram | None = None
    unscored: int = 0
    contradictory: int = 0
    identical: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """``kept``: boolean, shape (N,). ``outcomes``: one per step, in the order of the recipe."""

    kept: Mask
    outcomes: tuple[StepOutcome, ...]

    def dropped(self) -> dict[str, int]:
        """Pairs dropped by step name; a step that stands twice is added up."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            counts[outcome.name] = counts.get(outcome.name, 0) + outcome.dropped
        return counts


def apply_recipe(columns: PairColumns, steps: Sequence[Step]) -> Selection:
    """Apply the steps in order, each to what the one before kept.

    The result does not depend on the order of the rows: ties are broken by id.
    """
    standing = np.ones(len(columns.ids), dtype=bool)
    outcomes = []
    for step in steps:
        if isinstance(step, DropUndecided):
            dropping, notes = _undecided(columns, standing)
        elif isinstance(step, DropAlike):
            dropping, notes = _alike(columns, standing, step)
        else:
            dropping, notes = _duplicates(columns, standing)
        standing &= ~dropping
        outcomes.append(_outcome(step, columns, standing, dropping, notes))
    return Selection(standing, tuple(outcomes))


def outcome_to_dict(outcome: StepOutcome) -> dict[str, Any]:
    """What a manifest says about a step: its settings and counts, and the notes it has; no ids, no
    histogram.
    """
    notes: dict[str, Any] = {}
    if outcome.name == DropAlike.name:
        notes = {"threshold": outcome.threshold, "unscored": outcome.unscored}
    elif outcome.name == DropDuplicates.name:
        notes = {"contradictory": outcome.contradictory, "identical": outcome.identical}
    counts = {"kept": outcome.kept, "dropped": outcome.dropped}
    return {"step": outcome.name} | outcome.parameters | counts | notes


def _outcome(
    step: Step, columns: PairColumns, standing: Mask, dropping: Mask, notes: dict[str, Any]
) -> StepOutcome:
    index = tuple(int(place) for place in np.flatnonzero(dropping))
    parameters = step_to_dict(step)
    del parameters["step"]
    return StepOutcome(
        name=step.name,
        parameters=parameters,
        kept=int(standing.sum()),
        dropped=len(index),
        dropped_index=index,
        dropped_ids=tuple(columns.ids[place] for place in index),
        **notes,
    )


def _undecided(columns: PairColumns, standing: Mask) -> tuple[Mask, dict[str, Any]]:
    decided = np.array([verdict in DECIDED for verdict in columns.verdicts], dtype=bool)
    return np.logical_and(standing, ~decided), {}


def _alike(columns: PairColumns, standing: Mask, step: DropAlike) -> tuple[Mask, dict[str, Any]]:
    """Highest scores first; a cut through equal scores takes the smaller ids."""
    scores = columns.ln_ches
    scored = standing & np.isfinite(scores)
    places = sorted(np.flatnonzero(scored).tolist(), key=lambda place: (-scores[place], columns.ids[place]))
    # The small term undoes binary rounding: 10 % of 30 is 3, though 30 * 0.1 may be a little less.
    count = math.floor(len(places) * step.top_percent / 100 + 1e-9)
    dropping = np.zeros(len(standing), dtype=bool)
    dropping[places[:count]] = True
    return dropping, {
        "threshold": float(scores[places[count - 1]]) if count else None,
        "histogram": _histogram(scores[scored]),
        "unscored": int(standing.sum() - scored.sum()),
    }


def _histogram(scores: NDArray[np.float64]) -> Histogram | None:
    if not len(scores):
        return None
    low, high = float(scores.min()), float(scores.max())
    if high - low <= 4 * BINS * np.spacing(max(abs(low), abs(high))):
        return Histogram((low, high), (len(scores),))  # Too close together for edges of their own.
    counts, edges = np.histogram(scores, bins=BINS)
    return Histogram(tuple(float(edge) for edge in edges), tuple(int(count) for count in counts))


def _duplicates(columns: PairColumns, standing: Mask) -> tuple[Mask, dict[str, Any]]:
    """Same prompt and same two responses, whichever is chosen; the smallest id with a preferred side is
    kept.
    """
    dropping = np.zeros(len(standing), dtype=bool)
    kept_side: dict[tuple[bytes, bytes, bytes], bool] = {}
    contradictory = identical = 0

    def rank(place: int) -> tuple[bool, str]:
        return columns.verdicts[place] not in DECIDED, columns.ids[place]

    for place in sorted(np.flatnonzero(standing).tolist(), key=rank):
        prompt, chosen, rejected = (
            _digest(column[place]) for column in (columns.prompts, columns.chosen, columns.rejected)
        )
        key, side = (prompt, min(chosen, rejected), max(chosen, rejected)), chosen < rejected
        if chosen == rejected:
            identical += 1
        elif key not in kept_side:
            kept_side[key] = side
            continue
        elif columns.verdicts[place] in DECIDED and kept_side[key] != side:
            contradictory += 1
        dropping[place] = True
    return dropping, {"contradictory": contradictory, "identical": identical}


def _digest(text: str) -> bytes:
    """Of the text in Unicode form NFC with plain line ends and no white space around it; inner space
    counts.
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").strip())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
