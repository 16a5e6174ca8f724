"""Background work: ask for it, claim it, keep it, finish it. The row decides; a broker message is a hint."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from annotate.enums import JobKind, JobQueue, JobState
from annotate.keys import content_key
from annotate.models import Job, Project
from annotate.services.clock import database_now_plus

# The one string web and worker share; a test holds it against the task's registered name.
RUN_JOB_TASK = "workers.run_job"
# A killed worker's piece waits this long for another; handlers renew it after every unit.
LEASE = timedelta(seconds=90)
MAX_ATTEMPTS = 3
MAX_RETRIES = 6
# Of about a minute each: an endpoint may be gone for three quarters of an hour before its work fails.
MAX_RESTS = 40
# What a job's payload counts for itself.
COUNTED = ("tries", "rests")
OPEN_STATES = (JobState.WAITING, JobState.RUNNING, JobState.SPLIT)


@transaction.atomic
def enqueue_job(
    *,
    kind: JobKind,
    payload: dict[str, Any],
    project: Project | None = None,
    queue: JobQueue = JobQueue.CPU,
    units: Sequence[int] = (),
    chunk_size: int = 16,
    total: int = 0,
) -> Job:
    """Ask for work; asking twice is asking once, for the job is named by its content.

    With ``units`` (row ids) the work is split into chunks of ``chunk_size``, each a job of its own; what is
    one piece says how much it is by ``total``. A job that failed or was cancelled is sent back to work.
    """
    key = content_key(kind, project.pk if project else None, payload, list(units))
    job, created = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "project": project,
            "queue": queue,
            "payload": payload,
            "state": JobState.SPLIT if units else JobState.WAITING,
            "total": len(units) or total,
            # The asking machine's clock may be ahead, and nobody would claim the work until then.
            "due_at": Now(),
        },
    )
    if not created:
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            retry_job(job=job)
        return job
    if not units:
        nudge(job)
        return job
    chunks = [
        Job(
            kind=kind,
            project=project,
            parent=job,
            queue=queue,
            key=content_key("chunk", key, start),
            payload=payload | {"units": list(units[start : start + chunk_size])},
            total=len(units[start : start + chunk_size]),
            due_at=Now(),
        )
        for start in range(0, len(units), chunk_size)
    ]
    for chunk in Job.objects.bulk_create(chunks):
        nudge(chunk)
    return job


def nudge(job: Job) -> None:
    """Tell the broker, where there is one, once the row is there to be found. Losing this costs seconds
    only."""
    if not settings.CELERY_BROKER_URL:
        return
    transaction.on_commit(lambda: send_nudge(job_id=job.pk, queue=job.queue), robust=True)


def send_nudge(*, job_id: int, queue: str) -> None:
    from celery import current_app

    current_app.send_task(RUN_JOB_TASK, kwargs={"job_id": job_id}, queue=queue, retry=False)


def claimable(*, queues: Sequence[str]) -> Q:
    """Due and waiting, or running under a lease that lapsed."""
    waiting = Q(state=JobState.WAITING, due_at__lte=Now())
    lapsed = Q(state=JobState.RUNNING, leased_until__lt=Now())
    return Q(queue__in=list(queues)) & (waiting | lapsed)


def claim_job(*, holder: str, queues: Sequence[str], job_id: int | None = None) -> Job | None:
    """Claim one job by a conditional UPDATE; None when there is none or another worker was quicker.

    Attempts are counted before the work starts, so that work which kills its worker is set aside in the end.
    """
    free = Job.objects.filter(claimable(queues=queues))
    if job_id is not None:
        free = free.filter(pk=job_id)
    for _race in range(10):
        with transaction.atomic():
            looked = free.order_by("due_at", "pk")
            if connection.features.has_select_for_update_skip_locked:
                looked = looked.select_for_update(skip_locked=True)
            found = looked.values_list("pk", "attempts").first()
            if found is None:
                return None
            pk, attempts = found
            if attempts >= MAX_ATTEMPTS:
                _set_aside(pk)
                continue
            claimed = free.filter(pk=pk).update(
                state=JobState.RUNNING,
                attempts=F("attempts") + 1,
                leased_until=database_now_plus(LEASE),
                lease_token=uuid.uuid4(),
                holder=holder[:200],
                started_at=Now(),
                error="",
            )
            if claimed:
                return Job.objects.select_related("project").get(pk=pk)
    return None


def extend_lease(*, job: Job, done: int | None = None) -> bool:
    """Keep the job and show how far it is; False when it is no longer the caller's."""
    changes: dict[str, Any] = {"leased_until": database_now_plus(LEASE)}
    if done is not None:
        changes["done"] = done
    return bool(_held(job).update(**changes))


def note_result(*, job: Job, result: dict[str, Any]) -> bool:
    """Keep what came of a job before what it was made from is thrown away: a worker killed in between finds
    it there. False when the lease was lost."""
    return bool(_held(job).update(result=result))


@transaction.atomic
def finish_job(*, job: Job, result: dict[str, Any]) -> bool:
    """End the job well; False when the lease was lost, and then nothing changes."""
    _lock_parent(job.parent_id)
    finished = _held(job).update(
        state=JobState.DONE,
        result=result,
        done=F("total"),
        finished_at=Now(),
        leased_until=None,
        lease_token=None,
    )
    if finished:
        _settle_parent(job.parent_id)
    return bool(finished)


@transaction.atomic
def fail_job(
    *,
    job: Job,
    error: str,
    retry_in: timedelta | None = None,
    blameless: bool = False,
    resting: bool = False,
    of_one: bool = False,
    result: dict[str, Any] | None = None,
) -> bool:
    """End the job badly, or put it off: with ``retry_in`` it waits and is tried again.

    What is ``blameless`` waits for something outside: it gives its attempt back, and is tried MAX_RETRIES
    times; where that is ``resting``, the job was not even tried, and waits up to MAX_RESTS times for it: who
    made it rest may be another. A fault of the job's own has used up one of its MAX_ATTEMPTS. What is tried
    in vain, and what is said to be ``of_one`` of the job's units, ends that unit alone: see ``_cut_up``.
    """
    _lock_parent(job.parent_id)
    counts, most = ("rests", MAX_RESTS) if resting else ("tries", MAX_RETRIES)
    tries = int(job.payload.get(counts, 0)) + 1
    again = retry_in is not None and (tries < most if blameless else job.attempts < MAX_ATTEMPTS)
    changes: dict[str, Any] = {"error": error[:2000], "leased_until": None, "lease_token": None}
    if again:
        changes |= {"state": JobState.WAITING, "due_at": database_now_plus(retry_in or timedelta())}
        if blameless:
            changes |= {"attempts": F("attempts") - 1, "payload": job.payload | {counts: tries}}
    elif (of_one or retry_in is not None) and _cut_up(job, _held(job)):
        return True
    else:
        changes |= {"state": JobState.FAILED, "finished_at": Now(), "result": result or {}}
    changed = _held(job).update(**changes)
    if changed and not again:
        _settle_parent(job.parent_id)
    return bool(changed)


@transaction.atomic
def retry_job(*, job: Job) -> int:
    """Send what failed or was cancelled back to work, chunks included."""
    _lock_parent(job.parent_id or job.pk)
    ended = Job.objects.filter(state__in=(JobState.FAILED, JobState.CANCELLED))
    again = 0
    for chunk in ended.filter(Q(pk=job.pk, chunks=None) | Q(parent=job)).order_by("pk"):
        payload = {name: value for name, value in chunk.payload.items() if name not in COUNTED}
        again += ended.filter(pk=chunk.pk).update(
            state=JobState.WAITING, attempts=0, error="", due_at=Now(), finished_at=None, payload=payload
        )
        nudge(chunk)
    parent_id = job.parent_id or job.pk
    ended.filter(pk=parent_id).exclude(chunks=None).update(state=JobState.SPLIT, error="", finished_at=None)
    return again


@transaction.atomic
def cancel_job(*, job: Job) -> int:
    """Stop what has not ended: a running chunk loses its lease and its result is not taken."""
    _lock_parent(job.parent_id or job.pk)
    ends = {
        "state": JobState.CANCELLED,
        "leased_until": None,
        "lease_token": None,
        "finished_at": timezone.now(),
    }
    return Job.objects.filter(Q(pk=job.pk) | Q(parent=job), state__in=OPEN_STATES).update(**ends)


def due_jobs(*, limit: int = 500) -> list[tuple[int, str]]:
    """Ids and queues of work nobody has, for the sweep that nudges again."""
    free = Job.objects.filter(claimable(queues=JobQueue.values))
    return list(free.order_by("due_at", "pk").values_list("pk", "queue")[:limit])


def next_due_at() -> datetime | None:
    waiting = Job.objects.filter(state=JobState.WAITING).order_by("due_at").values_list("due_at", flat=True)
    return waiting.first()


def _held(job: Job):  # type: ignore[no-untyped-def]  # a queryset of one row
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING)


def _lock_parent(parent_id: int | None) -> None:
    """Let the ends of chunks come one after the other: two last ones that did not see each other would leave
    the parent open for ever. Taken before the chunk's own row, so that no two wait for each other."""
    if parent_id is not None:
        Job.objects.select_for_update(no_key=True).filter(pk=parent_id).first()


def _set_aside(pk: int) -> None:
    """Dead letter: it took its worker down, or lost its lease, once too often."""
    row = Job.objects.get(pk=pk)
    poison = Job.objects.filter(pk=pk, attempts__gte=MAX_ATTEMPTS).exclude(state=JobState.DONE)
    if _cut_up(row, poison):
        return
    poison.update(
        state=JobState.FAILED,
        error=row.error or f"Given up after {MAX_ATTEMPTS} attempts that ended without a word.",
        leased_until=None,
        lease_token=None,
        finished_at=Now(),
    )
    _settle_parent(row.parent_id)


def _cut_up(job: Job, still: QuerySet[Job]) -> bool:
    """Make each unit of a chunk a chunk of its own, where it has several: one that hangs, takes its worker
    down or cannot be answered is set aside by itself then, and the others are done.

    ``still``: the job's row as long as it is the caller's. Units that were done before cost nothing. What
    waited in vain for something outside is asked for once more each: it may be down for all of them.
    """
    units = job.payload.get("units", [])
    if job.parent_id is None or len(units) < 2:
        return False
    payload = job.payload | ({"tries": MAX_RETRIES - 1} if "tries" in job.payload else {})
    fresh = {"state": JobState.WAITING, "attempts": 0, "total": 1, "due_at": Now()}
    first = payload | {"units": units[:1]}
    cut = still.update(**fresh, done=0, payload=first, error="", leased_until=None, lease_token=None)
    if not cut:
        return False
    same = {"kind": job.kind, "project_id": job.project_id, "parent_id": job.parent_id, "queue": job.queue}
    others = [
        Job(**same, **fresh, key=content_key("unit", job.key, unit), payload=payload | {"units": [unit]})
        for unit in units[1:]
    ]
    for one in [job, *Job.objects.bulk_create(others)]:
        nudge(one)
    return True


def hand_back(*, job_ids: Sequence[int]) -> None:
    """Return jobs whose worker ends through no fault of theirs: they wait, and the attempt is not counted."""
    running = Job.objects.filter(pk__in=list(job_ids), state=JobState.RUNNING)
    running.update(
        state=JobState.WAITING,
        attempts=F("attempts") - 1,
        due_at=Now(),
        leased_until=None,
        lease_token=None,
    )


def _settle_parent(parent_id: int | None) -> None:
    """Bring a split job's count up to date, and end it with its last chunk."""
    if parent_id is None:
        return
    chunks = Job.objects.filter(parent_id=parent_id)
    states = list(chunks.values_list("state", "total", "error"))
    done = sum(total for state, total, _error in states if state == JobState.DONE)
    parent = Job.objects.filter(pk=parent_id, state__in=(JobState.SPLIT, JobState.FAILED))
    if any(state in OPEN_STATES for state, _total, _error in states):
        parent.update(done=done)
        return
    errors = [error for state, _total, error in states if state == JobState.FAILED]
    parent.update(
        done=done,
        state=JobState.FAILED if errors else JobState.DONE,
        error=f"{len(errors)} of {len(states)} chunks failed: {errors[0]}"[:2000] if errors else "",
        finished_at=Now(),
    )
