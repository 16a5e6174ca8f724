"""What changed between two versions of a data set, and what a new version got wrong that the old had right.

Negative flips as in MUSCLE (Echterhoff et al., arXiv 2407.09435): a version can be better on the whole and
still lose what its users rely on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VersionRows:
    """``keys``: Arrow array of pair keys. ``sides``: int8, −1 for no preferred side. ``margins``: float."""

    keys: pa.Array
    sides: NDArray[np.int8]
    margins: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """Counts over pair keys. ``kept`` are in both versions; of these ``flipped`` have the other side,
    ``to_decided`` and ``to_tie`` gained or lost one, ``margin_changed`` the same side at another margin.
    ``flipped_rows`` are the places of the flipped in the newer version."""

    kept: int
    added: int
    removed: int
    flipped: int
    to_decided: int
    to_tie: int
    margin_changed: int
    flipped_rows: NDArray[np.int64]

    @property
    def flip_rate(self) -> float:
        """Share of the pairs kept whose side flipped; 0 where none was kept."""
        return self.flipped / self.kept if self.kept else 0.0

    def counts(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "flipped_rows"}


def diff_versions(old: VersionRows, new: VersionRows) -> VersionDiff:
    """Compare by unordered pair key; of a key that comes twice in a version the first row counts."""
    old, new_places = _first_of_each(old)[0], _first_of_each(new)[1]
    new = _first_of_each(new)[0]
    at = pc.index_in(new.keys, value_set=old.keys)
    found = pc.is_valid(at).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(found)
    before = pc.drop_null(at).to_numpy(zero_copy_only=False)
    was, now = old.sides[before], new.sides[places]
    same = (was == now) & (now >= 0)
    flipped = (was >= 0) & (now >= 0) & (was != now)
    moved = same & ~np.isclose(old.margins[before], new.margins[places], rtol=0, atol=1e-9)
    return VersionDiff(
        kept=len(places),
        added=len(new.keys) - len(places),
        removed=len(old.keys) - len(places),
        flipped=int(flipped.sum()),
        to_decided=int(((was < 0) & (now >= 0)).sum()),
        to_tie=int(((was >= 0) & (now < 0)).sum()),
        margin_changed=int(moved.sum()),
        flipped_rows=new_places[places[flipped]],
    )


@dataclass(frozen=True, slots=True)
class FlipReport:
    """On gold that both versions answered: how many, both rates, and the names of the negative flips.

    ``negative`` is NFR = #(old right, new wrong) / n, ``positive`` its converse.
    """

    n: int
    negative: float
    positive: float
    lost: tuple[str, ...]


def negative_flips(old: Mapping[str, bool], new: Mapping[str, bool]) -> FlipReport:
    """Compare which gold answers two versions have right."""
    common = sorted(set(old) & set(new))
    lost = tuple(name for name in common if old[name] and not new[name])
    gained = sum(not old[name] and new[name] for name in common)
    n = len(common)
    return FlipReport(n, len(lost) / n if n else 0.0, gained / n if n else 0.0, lost)


def wilson(successes: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval of a share (JASA 22, 1927); (0, 1) for no trial."""
    if not n:
        return 0.0, 1.0
    share = successes / n
    middle = share + z * z / (2 * n)
    reach = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    return float(max((middle - reach) / whole, 0.0)), float(min((middle + reach) / whole, 1.0))


def _first_of_each(rows: VersionRows) -> tuple[VersionRows, NDArray[np.int64]]:
    unique = pc.unique(rows.keys)
    places = pc.index_in(unique, value_set=rows.keys).to_numpy(zero_copy_only=False).astype(np.int64)
    return VersionRows(unique, rows.sides[places], rows.margins[places]), places
