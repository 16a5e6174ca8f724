"""What changed between two versions of a data set, and what a new version got wrong that the old had right.

Negative flips as in MUSCLE (Echterhoff et al., arXiv 2407.09435): a version can be better on the whole and
still lose what its users rely on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VersionRows:
    """``keys``: pair keys as bytes of one width. ``sides``: int8, −1 for no preferred side. ``margins``:
    float."""

    keys: NDArray[np.bytes_]
    sides: NDArray[np.int8]
    margins: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """Counts over pair keys. ``kept`` are in both versions; of these ``flipped`` have the other side,
    ``to_decided`` and ``to_tie`` gained or lost one, ``margin_changed`` the same side at another margin."""

    kept: int = 0
    added: int = 0
    removed: int = 0
    flipped: int = 0
    to_decided: int = 0
    to_tie: int = 0
    margin_changed: int = 0

    def __add__(self, other: VersionDiff) -> VersionDiff:
        """The counts of two parts of the versions that have no key in common."""
        return VersionDiff(*(getattr(self, one) + getattr(other, one) for one in self.__slots__))

    @property
    def flip_rate(self) -> float:
        """Share of the pairs kept whose side flipped; 0 where none was kept."""
        return self.flipped / self.kept if self.kept else 0.0

    def counts(self) -> dict[str, int]:
        return asdict(self)


def diff_versions(old: VersionRows, new: VersionRows) -> VersionDiff:
    """Compare by unordered pair key; of a key that comes twice in a version the first row counts."""
    old_keys, old_places = _first_of_each(old.keys)
    new_keys, new_places = _first_of_each(new.keys)
    at = np.searchsorted(old_keys, new_keys)
    found = at < len(old_keys)
    found[found] = old_keys[at[found]] == new_keys[found]
    before, places = old_places[at[found]], new_places[found]
    was, now = old.sides[before], new.sides[places]
    same = (was == now) & (now >= 0)
    moved = same & ~np.isclose(old.margins[before], new.margins[places], rtol=0, atol=1e-9, equal_nan=True)
    return VersionDiff(
        kept=len(places),
        added=len(new_keys) - len(places),
        removed=len(old_keys) - len(places),
        flipped=int(((was >= 0) & (now >= 0) & (was != now)).sum()),
        to_decided=int(((was < 0) & (now >= 0)).sum()),
        to_tie=int(((was >= 0) & (now < 0)).sum()),
        margin_changed=int(moved.sum()),
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


def _first_of_each(keys: NDArray[np.bytes_]) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """Each key once, sorted, with the place where it stands first."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    fresh = np.ones(len(keys), dtype=bool)
    fresh[1:] = keys[1:] != keys[:-1]
    return keys[fresh], order[fresh]
