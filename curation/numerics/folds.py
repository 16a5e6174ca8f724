"""Halves for cross-fitting: what belongs together stays together, whatever the order of the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

SPLITS = 10


@dataclass(frozen=True, slots=True)
class Folds:
    """``sides``: (n, M), 0 or 1, the half each row is in at each split. ``units``: (n,), rows of one unit are
    always in one half. ``split_inside``: a unit held more than half of the rows and was split up."""

    sides: NDArray[np.uint8]
    units: NDArray[np.int64]
    split_inside: bool

    @property
    def n_units(self) -> int:
        return int(self.units.max()) + 1 if len(self.units) else 0

    def masks(self) -> NDArray[np.uint8]:
        """(n, 2M): head 2m learns from half 1 of split m and scores half 0, head 2m + 1 the other way."""
        return np.stack([self.sides, 1 - self.sides], axis=2).reshape(len(self.sides), -1)


def draw_folds(
    groups: Sequence[str],
    *,
    responses: Sequence[tuple[Hashable, Hashable]] | None = None,
    splits: int = SPLITS,
    seed: int = 0,
) -> Folds:
    """Split n rows in two halves, ``splits`` times over.

    ``groups``: the prompt of each row by name. ``responses``: what names the two responses of each row; rows
    that share a response are kept together too, for a text learnt from would otherwise be scored. Halves hold
    about as many rows each and are drawn by SHA-256 of the seed and the names, so a permutation of the rows
    permutes the answer. A unit with more than half of the rows is split by prompt, and one prompt with
    more than half by rows.
    """
    prompts = _numbered(groups)
    units = prompts if responses is None else _joined(prompts, responses)
    keys = np.array([_key(seed, name) for name in groups], dtype=np.uint64)
    heavy = _heavy(units)
    split_inside = bool(heavy.any())
    if split_inside:
        units = _numbered([*zip(np.where(heavy, -1, units), np.where(heavy, prompts, -1), strict=True)])
    if (heavy := _heavy(units)).any():
        pairs = responses if responses is not None else [(place, place) for place in range(len(groups))]
        for place in np.flatnonzero(heavy).tolist():
            keys[place] = _key(seed, groups[place], *sorted(map(str, pairs[place])))
        units = _numbered([*zip(units.tolist(), np.where(heavy, keys, 0).tolist(), strict=True)])
    count = int(units.max()) + 1 if len(units) else 0
    names = np.full(count, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(names, units, keys)
    sizes = np.bincount(units, minlength=count)
    sides = np.empty((len(groups), splits), dtype=np.uint8)
    for split in range(splits):
        order = np.argsort(_mixed(names, split), kind="stable")
        before = np.cumsum(sizes[order]) - sizes[order] / 2
        side = np.empty(count, dtype=np.uint8)
        side[order] = before > len(groups) / 2
        sides[:, split] = side[units]
    return Folds(sides, units, split_inside)


def _numbered(names: Sequence[Hashable]) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)


def _joined(prompts: NDArray[np.int64], responses: Sequence[tuple[Hashable, Hashable]]) -> NDArray[np.int64]:
    """Units of rows linked by a shared prompt or a shared response."""
    n = len(prompts)
    texts = _numbered([one for pair in responses for one in pair]).reshape(n, 2)
    shift = int(prompts.max()) + 1 if n else 0
    ends = np.concatenate([texts[:, 0], texts[:, 1]]) + shift
    size = int(ends.max()) + 1 if n else 0
    links = coo_matrix((np.ones(2 * n), (np.tile(prompts, 2), ends)), shape=(size, size))
    _count, labels = connected_components(links, directed=False)
    return _numbered(labels[prompts].tolist())


def _heavy(units: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are in a unit that holds more than half of them."""
    return np.asarray(np.bincount(units, minlength=1)[units] * 2 > len(units))


def _key(seed: int, *names: Hashable) -> int:
    text = "\x00".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _mixed(names: NDArray[np.uint64], split: int) -> NDArray[np.uint64]:
    """Another order of the same names for every split: the finaliser of SplitMix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        mixed = names + np.uint64((split + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
