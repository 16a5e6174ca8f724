"""Pairs by column: what a recipe reads. Numbers are NumPy arrays, texts are Arrow arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.numerics.recipes.errors import NotReady

FIRST, SECOND, TIE, NEITHER, UNDECIDED = range(5)
VERDICTS = ("first", "second", "tie", "neither", "undecided")
# Columns that every table has; rating:NAME and standing:QUESTION, shape (N, k), and the scores come besides.
NUMBERS = ("verdict", "preference", "confidence", "n_judges", "spread", "people_verdict", "models_verdict")
WORDS = ("id", "prompt_key", "source", "subject", "first_model", "second_model")
TEXTS = ("prompt", "first", "second")


@dataclass(slots=True)
class FeatureStore:
    """Computed columns kept beside the pairs they belong to, so that the next process need not compute them.

    With ``wait`` False a column that is not there raises NotReady instead of being computed.
    """

    folder: Path | None = None
    wait: bool = True

    def get(self, name: str, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        path = None if self.folder is None else self.folder / f"{_file_name(name)}.npy"
        if path is not None and path.is_file():
            return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]  # of whatever type was kept
        if not self.wait:
            raise NotReady(name)
        found = make()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".part").open("wb") as stream:
                np.save(stream, found, allow_pickle=False)
            path.with_suffix(".part").replace(path)
        return found


@dataclass(slots=True)
class Columns:
    """N pairs. ``load(name)`` gives a column when it is first read: an array whose first axis is N.

    ``names`` are the columns there are. ``scores`` tells of each score how it turns with the label:
    "same" (it does not), "signed" (the stored value is the first over the second, negated for the second
    chosen), "against" (the second over the first) or "both" (columns NAME:first and NAME:second hold it).
    ``references`` are the texts of evaluation sets by name, for decontamination.
    """

    size: int
    load: Callable[[str], Any]
    names: frozenset[str]
    scores: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    store: FeatureStore = field(default_factory=FeatureStore)
    _kept: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name not in self._kept:
            self._kept[name] = self.load(name)
        return self._kept[name]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def derived(self, name: str, make: Callable[[], NDArray[Any]], *, slow: bool = False) -> NDArray[Any]:
        """A column made of others, computed once; ``slow`` ones are kept on disk as well."""
        if name not in self._kept:
            self._kept[name] = self.store.get(name, make) if slow else make()
        return self._kept[name]  # type: ignore[no-any-return]  # arrays and Arrow side by side

    def forget(self, *, but: Collection[str] = ()) -> None:
        """Give back what was read and computed, but for these; the rest is read again when asked for."""
        for name in self._kept.keys() - set(but):
            del self._kept[name]

    @property
    def rank(self) -> NDArray[np.int64]:
        """Place of each pair in the order of the ids: it breaks ties, whatever the order of the rows."""
        return self.derived("rank", lambda: _rank(self["id"]))

    def replacing(self, name: str, column: Any) -> Columns:
        """The same columns but for one, with what was computed so far; nothing may be derived from that
        one."""
        return replace(self, _kept=self._kept | {name: column})

    def codes(self, name: str) -> NDArray[np.int64]:
        """A column of words as numbers, equal where the words are."""
        return self.derived(f"codes:{name}", lambda: _codes(self[name], _values(self[name])))

    def values(self, name: str) -> list[str]:
        """The words behind :meth:`codes`, in their order; an empty one stands for none."""
        return _values(self[name]).to_pylist()  # type: ignore[no-any-return]  # Arrow has no types

    def words(self, name: str) -> list[str]:
        """A column of words as a list; for the few rows that are read, take them from the pairs instead."""
        return arrow(self[name]).to_pylist()  # type: ignore[no-any-return]  # Arrow has no types

    def score(self, name: str, chosen: NDArray[np.int8]) -> NDArray[np.float64]:
        """A score for the sides chosen: NaN where there is none, or where the pair is not the stored one."""
        turn = self.scores.get(name, "same")
        if turn == "both":
            found = np.where(chosen == 1, self[f"{name}:second"], self[f"{name}:first"])
        else:
            found = self[name]
            turned = {"signed": chosen == 1, "against": chosen != 1}.get(turn)
            found = found if turned is None else np.where(turned, -found, found)
        return np.where(chosen > 1, np.nan, found)


def columns_from(rows: Mapping[str, Any], *, scores: Mapping[str, str] | None = None, **more: Any) -> Columns:
    """Columns that lie in memory. Raises ValueError for different lengths, or an id that comes twice."""
    sizes = {len(column) for column in rows.values()}
    if len(sizes) > 1:
        raise ValueError("Every column must have as many entries as there are ids.")
    size = sizes.pop() if sizes else 0
    if len(set(map(str, rows.get("id", ())))) != size:
        raise ValueError("Every pair must have an id of its own.")
    return Columns(size, rows.__getitem__, frozenset(rows), dict(scores or {}), **more)


def arrow(column: Any) -> pa.Array:
    """A column of words as one Arrow array of strings."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    found = column if isinstance(column, pa.Array) else pa.array(list(column), type=pa.string())
    return found.cast(pa.large_string())


def _values(column: Any) -> pa.Array:
    found = pc.unique(pc.fill_null(arrow(column), ""))
    return found.take(pc.sort_indices(found))


def _codes(column: Any, values: pa.Array) -> NDArray[np.int64]:
    places = pc.index_in(pc.fill_null(arrow(column), ""), value_set=values)
    found: NDArray[np.int64] = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _rank(column: Any) -> NDArray[np.int64]:
    order = pc.sort_indices(arrow(column)).to_numpy(zero_copy_only=False)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _file_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
