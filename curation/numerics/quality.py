"""What can be told of a judge from checks, repeats, times and sides, and when the lead should look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Silent reading of English non-fiction: 238 words a minute (Brysbaert, Journal of Memory and Language 109,
# 2019), some six characters to a word with its space.
CHARACTERS_PER_SECOND = 238 * 6 / 60
# An answer in less than this share of the reading time cannot come from reading.
HURRIED_BELOW = 1 / 3
# Below so many observations a rate says nothing.
LEAST_SEEN = 10
# Checks are few, and each tells more.
LEAST_CHECKED = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n`` with the 95 % Wilson interval; the share is None for n = 0."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None


def rate(hits: int, n: int, *, z: float = 1.959964) -> Rate:
    """A share with its Wilson score interval (Wilson, JASA 22(158), 1927). Raises ValueError unless
    0 ≤ hits ≤ n. For n = 0 the interval is [0, 1]."""
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share.")
    if n == 0:
        return Rate(0, 0, 0.0, 1.0)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Exact at the ends, where rounding would leave a crumb.
    return Rate(hits, n, 0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half)


@dataclass(frozen=True, slots=True)
class Pace:
    """``seconds``: the middle of the times. ``speed``: the middle of characters shown per second, in
    multiples of silent reading. ``hurried``: answers given in less than a third of the reading time."""

    seconds: float | None
    speed: float | None
    hurried: Rate


def pace(times: Sequence[tuple[float, int]]) -> Pace:
    """From (seconds, characters shown) of each answer; times of 0 or less are left out."""
    timed = [(seconds, characters) for seconds, characters in times if seconds > 0]
    reading = [characters / CHARACTERS_PER_SECOND for _seconds, characters in timed]
    hurried = sum(
        seconds < HURRIED_BELOW * needed for (seconds, _), needed in zip(timed, reading, strict=True)
    )
    if not timed:
        return Pace(None, None, rate(0, 0))
    speeds = [needed / seconds for (seconds, _), needed in zip(timed, reading, strict=True)]
    return Pace(median(seconds for seconds, _ in timed), median(speeds), rate(hurried, len(timed)))


@dataclass(frozen=True, slots=True)
class Record:
    """One judge's record. ``first_side``: how often the response shown first won, of those with a winner;
    ``traps``: how many were seen through."""

    gold: Rate
    traps: Rate
    repeats: Rate
    first_side: Rate
    pace: Pace


def concerns(record: Record, *, least_gold: float = 0.7) -> tuple[str, ...]:
    """Names of what a lead should look at; each only where chance alone does not explain it.

    "gold": the whole interval lies below ``least_gold``. "traps": a spoiled response was preferred twice or
    more, and in a quarter of the cases or more. "repeats": the whole interval lies below 0.7. "side": the
    interval leaves out 0.4 to 0.6. "hurried": the interval lies above a tenth.
    """
    found = []
    if record.gold.n >= LEAST_CHECKED and record.gold.high < least_gold:
        found.append("gold")
    missed = record.traps.n - record.traps.hits
    if missed >= 2 and 4 * missed >= record.traps.n:
        found.append("traps")
    if record.repeats.n >= LEAST_CHECKED and record.repeats.high < 0.7:
        found.append("repeats")
    sides = record.first_side
    if sides.n >= LEAST_SEEN and (sides.low > 0.6 or sides.high < 0.4):
        found.append("side")
    if record.pace.hurried.n >= LEAST_SEEN and record.pace.hurried.low > 0.1:
        found.append("hurried")
    return tuple(found)
