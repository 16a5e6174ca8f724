"""Claim a job, run its handler, end it in a known state: the one path for the laptop's worker and
Celery's."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from annotate.errors import WinnowError
from annotate.models import Job
from annotate.services.jobs import claim_job, extend_lease, fail_job, finish_job
from workers.handlers import HANDLERS
from workers.runtime.errors import (
    EndpointNonsense,
    EndpointUnavailable,
    MissingPackage,
    ModelRefused,
    TargetRefused,
)
from workers.watch import sign_of_life, watched

log = logging.getLogger(__name__)

# What is wrong here will be wrong again: these end a job at once, with the reason on the page.
FINAL = (MissingPackage, ModelRefused, TargetRefused)
# What nobody foresaw may be passing; it is tried again soon, as often as its attempts allow.
FAULT_WAIT = timedelta(seconds=5)


class LeaseGone(Exception):
    """The job went to another worker, or was cancelled, while this one worked on it."""


@dataclass(slots=True)
class Progress:
    """Handed to a handler, to call after each piece: it keeps the lease and shows how far the job is."""

    job: Job

    def __call__(self, done: int) -> None:
        sign_of_life(self.job.pk)
        if not extend_lease(job=self.job, done=done):
            raise LeaseGone


def run_next(*, holder: str, queues: Sequence[str], job_id: int | None = None) -> Job | None:
    """Run one job if there is one. Returns it, whatever came of it."""
    job = claim_job(holder=holder, queues=queues, job_id=job_id)
    if job is None:
        return None
    try:
        with watched(job.pk):
            result = HANDLERS[job.kind](job, Progress(job))
    except LeaseGone:
        log.info("job %s is no longer ours", job.pk)
    except EndpointUnavailable as trouble:
        wait = back_off(job, trouble.retry_after)
        fail_job(job=job, error=str(trouble), retry_in=wait, blameless=True, resting=trouble.resting)
    except WinnowError as trouble:
        fail_job(job=job, error=trouble.message, result=trouble.as_dict())
    except EndpointNonsense as trouble:
        fail_job(job=job, error=str(trouble), of_one=trouble.answered)
    except FINAL as trouble:
        fail_job(job=job, error=str(trouble))
    except Exception as trouble:
        log.exception("job %s failed", job.pk)
        fail_job(job=job, error=f"{type(trouble).__name__}: {trouble}", retry_in=FAULT_WAIT)
    else:
        finish_job(job=job, result=result)
    return job


def back_off(job: Job, asked: float | None) -> timedelta:
    """Wait as long as the endpoint asks and never less, else twice as long each time, at most five minutes.
    Scattered by a half, so that what failed together does not come back together."""
    tries = int(job.payload.get("tries", 0))
    least = min(3600.0, asked) if asked is not None else min(300.0, 2.0 * 2**tries) / 1.5
    return timedelta(seconds=least * (1 + random.random() / 2))  # noqa: S311  # nothing secret hangs on it


def work_off(
    *, queues: Sequence[str] = ("cpu", "gpu", "judge"), holder: str = "in-process", patience: float = 0
) -> int:
    """Run jobs here until none is due; with ``patience`` seconds, wait that long for those put off."""
    done = 0
    deadline = time.monotonic() + patience
    while True:
        if run_next(holder=holder, queues=queues) is not None:
            done += 1
        elif time.monotonic() < deadline:
            time.sleep(0.2)
        else:
            return done
