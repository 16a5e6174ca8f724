"""Pairs as binary tags: measures cut at fixed, stored edges, and descriptive facets.

A tag is a column of the matrix B (n pairs × T tags). Bins are [low, high) with the last one closed, so that
every finite value is in exactly one, and the edges are made once from a whole data set: counts in a subset
mean the same as in the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Tags = NDArray[np.uint8]

# Likenesses lie on a scale of their own; everything else is cut at its thirds.
BY_VALUE = frozenset({"cosine", "cosine_length", "rouge1", "entities", "edit"})
THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number per pair. ``edges``: the cuts between its bins, ascending; none makes one bin."""

    name: str
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """A description with its values; a pair may carry several of them, or none."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagSchema:
    measures: tuple[Measure, ...]
    facets: tuple[Facet, ...]

    @property
    def names(self) -> list[str]:
        """The names of the T tags, in the order of the columns."""
        bins = [f"{one.name} {words}" for one in self.measures for words in _bin_words(len(one.edges) + 1)]
        return bins + [f"{one.name}: {value}" for one in self.facets for value in one.values]

    def as_json(self) -> dict[str, Any]:
        return {
            "measures": {one.name: list(one.edges) for one in self.measures},
            "facets": {one.name: list(one.values) for one in self.facets},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TagSchema:
        return cls(
            tuple(Measure(name, tuple(edges)) for name, edges in stored["measures"].items()),
            tuple(Facet(name, tuple(values)) for name, values in stored["facets"].items()),
        )


def fit_schema(columns: Mapping[str, Floats], facets: Sequence[Facet] = ()) -> TagSchema:
    """Edges for every measure, from all pairs at hand; a measure that never varies gets a single bin."""
    return TagSchema(
        tuple(Measure(name, _edges(name, values)) for name, values in columns.items()), tuple(facets)
    )


def tag_matrix(
    schema: TagSchema,
    columns: Mapping[str, Floats],
    described: Sequence[Mapping[str, Collection[str]]],
) -> Tags:
    """B, uint8 of shape (n, T). ``described``: per pair its values by facet. NaN is in no bin; a value that
    the schema does not know is passed over. Raises KeyError for a measure without its column."""
    parts = [_binned(columns[one.name], one.edges) for one in schema.measures]
    n = len(described)
    for facet in schema.facets:
        block = np.zeros((n, len(facet.values)), dtype=np.uint8)
        places = {value: place for place, value in enumerate(facet.values)}
        for row, values in enumerate(described):
            for value in values.get(facet.name, ()):
                if value in places:
                    block[row, places[value]] = 1
        parts.append(block)
    return np.hstack(parts) if parts else np.zeros((n, 0), dtype=np.uint8)


def _edges(name: str, values: Floats) -> tuple[float, ...]:
    known = values[np.isfinite(values)]
    if len(known) == 0 or known.min() == known.max():
        return ()
    cuts = THIRDS if name in BY_VALUE else np.quantile(known, THIRDS)
    # A cut at or below the smallest value would leave an empty bin.
    return tuple(sorted({float(cut) for cut in cuts if name in BY_VALUE or cut > known.min()}))


def _binned(values: Floats, edges: Sequence[float]) -> Tags:
    bins = np.searchsorted(np.asarray(edges), values, side="right")
    known = np.isfinite(values)
    inside = (bins[:, None] == np.arange(len(edges) + 1)) & known[:, None]
    return np.asarray(inside, dtype=np.uint8)


def _bin_words(bins: int) -> tuple[str, ...]:
    return {1: ("any",), 2: ("low", "high"), 3: ("low", "middle", "high")}[bins]
