"""Celery's side of background work: thin, for the row decides."""

from __future__ import annotations

import os
import socket

from celery import shared_task
from django.utils import timezone

from annotate.enums import JobQueue
from annotate.services.assignments import reclaim_lapsed
from annotate.services.beats import beat
from annotate.services.drafts import forget_old_drafts
from annotate.services.jobs import RUN_JOB_TASK, due_jobs, send_nudge
from annotate.services.submissions import forget_old_submissions
from curation.services.replaying import retrain_where_due
from workers.running import run_next

SWEEP_TASK = "workers.sweep"


@shared_task(name=RUN_JOB_TASK)
def run_job(*, job_id: int, **_later: object) -> None:
    """Run one job. Web and worker deploy at different times, so arguments not known yet are let pass."""
    name = f"celery-{socket.gethostname()}-{os.getpid()}"
    beat(name=name, queues=",".join(JobQueue.values), worked=True)
    run_next(holder=name, queues=JobQueue.values, job_id=job_id)
    beat(name=name, queues=",".join(JobQueue.values), worked=True)


@shared_task(name=SWEEP_TASK)
def sweep(**_later: object) -> int:
    """Nudge again for what nobody has, and give back what was leased and forgotten."""
    reclaim_lapsed()
    forget_old_submissions(at=timezone.now())
    forget_old_drafts(at=timezone.now())
    retrain_where_due()
    beat(name="celery-beat", queues="sweep")
    found = due_jobs()
    for job_id, queue in found:
        send_nudge(job_id=job_id, queue=queue)
    return len(found)
