"""How fast a job goes, and how long it will go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from annotate.enums import JobState
from annotate.models import Job

# Pieces begun longer ago say nothing about now: a job may have lain still for a night.
LATELY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pace:
    """``done`` counts what is done inside pieces still under way, too. ``per_minute`` and ``left`` (rounded
    to seconds) are None until something is done."""

    done: int
    per_minute: float | None = None
    left: timedelta | None = None


def pace_of(job: Job, *, at: datetime) -> Pace:
    if job.state not in (JobState.SPLIT, JobState.RUNNING):
        return Pace(job.done)
    pieces = list(job.chunks.values_list("done", "started_at")) or [(job.done, job.started_at)]
    done = sum(of_it for of_it, _began in pieces)
    lately = [(of_it, began) for of_it, began in pieces if began is not None and at - began <= LATELY]
    made = sum(of_it for of_it, _began in lately)
    if not made:
        return Pace(done)
    seconds = max((at - min(began for _of_it, began in lately)).total_seconds(), 1.0)
    left = timedelta(seconds=round((job.total - done) * seconds / made))
    return Pace(done, 60 * made / seconds, left)
