"""How long what is left will take, said with what is not known about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

# Fewer times than this say nothing of the next ones.
LEAST_SEEN = 5


@dataclass(frozen=True, slots=True)
class Outlook:
    """``low`` to ``high`` is meant to hold the truth nine times in ten."""

    low: float
    middle: float
    high: float


def outlook(times: Sequence[float], left: int) -> Outlook | None:
    """The seconds that ``left`` answers will take, from the seconds of the latest ones; None for too few.

    The mean of times is taken in logarithms, for times are skewed: exp(m + s²/2) is the mean of a
    log-normal. The interval has both what the mean is not known by and what the answers to come vary by:
    s²(1/n + 1/left) on the logarithm (Cox's method; Land, Technometrics 14(1), 1972, has the exact one).
    """
    seen = [math.log(seconds) for seconds in times if seconds > 0]
    if left < 1 or len(seen) < LEAST_SEEN:
        return None
    spread = stdev(seen)
    middle = math.exp(mean(seen) + spread**2 / 2) * left
    error = 1.645 * math.sqrt(spread**2 * (1 / len(seen) + 1 / left) + spread**4 / (2 * (len(seen) - 1)))
    return Outlook(middle * math.exp(-error), middle, middle * math.exp(error))


def days_left(per_day: Sequence[int], left: int) -> Outlook | None:
    """The working days that ``left`` judgments will take a team, from the judgments of its latest working
    days; None for fewer than three days. The interval is that of the mean of the days."""
    worked = [count for count in per_day if count > 0]
    if left < 1 or len(worked) < 3:
        return None
    usual = mean(worked)
    error = 1.645 * stdev(worked) / math.sqrt(len(worked)) / usual
    slow = left / (usual * (1 - error)) if error < 1 else math.inf
    return Outlook(left / (usual * (1 + error)), left / usual, slow)
