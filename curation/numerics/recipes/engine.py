"""Following a recipe over columns: what each step keeps, drops and changes, and how its number is spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.recipes.columns import FIRST, SECOND, Columns
from curation.numerics.recipes.parameters import AnySetting

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

SPLITS = ("train", "validation", "test")
NOBODY = np.int8(-1)
WRITTEN = ("chosen", "rejected", "soft", "margin", "weight", "mask")
BINS = 40


@dataclass(slots=True)
class State:
    """What the steps so far made of N pairs.

    ``standing``: kept. ``chosen``, ``rejected``: positions of the sides, −1 where no side is preferred.
    ``soft``: probability that the chosen side is the better one, NaN where nothing was said of it.
    ``margin``: 0..1 and more. ``weight``: of the row in training. ``split``: index into SPLITS.
    ``mask``: whether private data in the texts shall be masked. ``cluster``: of near-duplicates, −1 before
    they were looked for.
    """

    standing: Mask
    chosen: NDArray[np.int8]
    rejected: NDArray[np.int8]
    soft: Numbers
    margin: Numbers
    weight: Numbers
    split: NDArray[np.int8]
    mask: Mask
    cluster: NDArray[np.int64]

    def drop(self, where: Mask) -> None:
        self.standing &= ~where

    def take(self, index: NDArray[np.int64]) -> State:
        return State(*(getattr(self, name)[index] for name in self.__slots__))

    def written(self) -> dict[str, NDArray[Any]]:
        """A copy of what a pair's row is written from."""
        return {name: getattr(self, name).copy() for name in WRITTEN}

    def differs(self, before: Mapping[str, NDArray[Any]]) -> Mask:
        """Pairs whose row would be written otherwise."""
        changed = np.zeros(len(self.standing), dtype=bool)
        for name, two in before.items():
            one = getattr(self, name)
            unlike = one != two
            if one.dtype.kind == "f":
                unlike &= ~(np.isnan(one) & np.isnan(two))
            changed |= unlike
        return changed


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[k]`` values lie from ``edges[k]`` up to ``edges[k + 1]``; the last bin includes its end.

    Dragging a threshold over it sets ``parameter``: the value itself ("value"), or the share of the pairs
    above it ("above") or below it ("below") in per cent. ``side`` is where the step drops or changes.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    threshold: float | None = None
    parameter: str = ""
    drags: str = "value"
    side: str = "above"
    words: str = ""


@dataclass(frozen=True, slots=True)
class Notes:
    """What a step says besides its counts: its histogram, and numbers for the manifest."""

    histogram: Histogram | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step that a recipe may have. ``needs`` are columns without which it cannot run."""

    name: str
    title: str
    group: str
    help: str
    act: Callable[[Columns, State, Mapping[str, Any]], Notes]
    settings: tuple[AnySetting, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a recipe: its kind and every setting, given or not."""

    kind: StepKind
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.kind.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step did: places of the pairs it dropped and changed, ascending, and how many it kept."""

    step: Step
    kept: int
    dropped: NDArray[np.int64]
    changed: NDArray[np.int64]
    histogram: Histogram | None
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For the manifest: settings, counts and facts; no rows and no histogram."""
        counts = {"kept": self.kept, "dropped": len(self.dropped), "changed": len(self.changed)}
        found: dict[str, Any] = plain({**self.step.values, **counts, **self.facts})
        return {"step": self.step.name} | found


@dataclass(frozen=True, slots=True)
class Selection:
    """The state after the last step, and what each did."""

    state: State
    outcomes: tuple[Outcome, ...]
    size: int

    @property
    def kept(self) -> int:
        return int(self.state.standing.sum())

    def dropped(self) -> dict[str, int]:
        """Pairs dropped by step name; a step that stands twice is added up."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            counts[outcome.step.name] = counts.get(outcome.step.name, 0) + len(outcome.dropped)
        return counts


def follow(columns: Columns, steps: Sequence[Step], *, among: Mask | None = None) -> Selection:
    """Apply the steps in order, each to what the one before kept; with ``among`` only to those pairs.

    The result does not depend on the order of the rows: ties are broken by id. May raise NotReady where
    the columns' store does not wait.
    """
    state = begin(columns)
    if among is not None:
        state.standing &= among
    outcomes = []
    for step in steps:
        before, stood = state.written(), state.standing.copy()
        notes = step.kind.act(columns, state, step.values)
        # What is dropped counts as dropped, not as changed.
        dropped = np.flatnonzero(stood & ~state.standing)
        changed = np.flatnonzero(state.standing & state.differs(before))
        outcomes.append(
            Outcome(step, int(state.standing.sum()), dropped, changed, notes.histogram, notes.facts)
        )
    return Selection(state, tuple(outcomes), columns.size)


def begin(columns: Columns) -> State:
    """Every pair stands, turned to its settled side, with a third of its mean strength as margin.

    The scale is that of Llama 2 (arXiv 2307.09288, §3.2.2) with thirds for its steps; 0 where there is no
    preferred side, and where a strong minority pulls the mean to the other side.
    """
    verdict = np.asarray(columns["verdict"])
    decided = (verdict == FIRST) | (verdict == SECOND)
    chosen = np.where(decided, verdict, NOBODY).astype(np.int8)
    rejected = np.where(decided, 1 - verdict, NOBODY).astype(np.int8)
    # In place: with a million pairs every array between is another eight megabytes.
    margin = np.array(columns["preference"], dtype=np.float64)
    np.negative(margin, out=margin, where=chosen == 0)
    np.nan_to_num(margin, copy=False)
    np.fmax(margin, 0.0, out=margin)
    margin /= 3
    margin[~decided] = 0.0
    size = columns.size
    return State(
        standing=np.ones(size, dtype=bool),
        chosen=chosen,
        rejected=rejected,
        soft=np.full(size, np.nan),
        margin=margin,
        weight=np.ones(size),
        split=np.zeros(size, dtype=np.int8),
        mask=np.zeros(size, dtype=bool),
        cluster=np.full(size, -1, dtype=np.int64),
    )


def extreme(scores: Numbers, among: Mask, percent: float, rank: NDArray[np.int64], *, highest: bool) -> Mask:
    """The ``percent`` of ``among`` with the highest (or lowest) scores, rounded down; a cut through equal
    scores takes the smaller ranks."""
    places = np.flatnonzero(among)
    # The small term undoes binary rounding: 10 % of 30 is 3, though 30 * 0.1 may be a little less.
    count = floor(len(places) * percent / 100 + 1e-9)
    found = np.zeros(len(scores), dtype=bool)
    if not count:
        return found
    keyed = -scores[places] if highest else scores[places]
    edge = np.partition(keyed, count - 1)[count - 1]
    found[places[keyed < edge]] = True
    ties = places[keyed == edge]
    ties = ties[np.argsort(rank[ties], kind="stable")]
    found[ties[: count - int((keyed < edge).sum())]] = True
    return found


def histogram(values: Numbers, *, whole: bool = False, **drawn: Any) -> Histogram | None:
    """Equal bins over the finite values; None where there is none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if whole and high - low < BINS:
        edges = np.arange(low, high + 2) - 0.5
        counts = np.bincount((values - low).astype(np.int64), minlength=len(edges) - 1)
    elif high - low <= 4 * BINS * np.spacing(max(abs(low), abs(high))):
        return Histogram((low, high), (len(values),), **drawn)  # Too close together for edges of their own.
    else:
        counts, edges = np.histogram(values, bins=BINS)
    return Histogram(tuple(float(one) for one in edges), tuple(int(one) for one in counts), **drawn)


def plain(value: Any) -> Any:
    """Values as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
