from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotate.models import Job
from annotate.services.jobs import (
    MAX_ATTEMPTS,
    MAX_RETRIES,
    cancel_job,
    claim_job,
    due_jobs,
    enqueue_job,
    extend_lease,
    fail_job,
    finish_job,
    retry_job,
)
from tests.factories import make_project
from tests.helpers import database_now, lapse

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]
EVERYWHERE = ("cpu", "gpu", "judge")


def ask(project=None, units=(), chunk_size=2, **payload):
    return enqueue_job(kind="score", project=project, payload=payload, units=units, chunk_size=chunk_size)


def claim(**fields):
    return claim_job(holder="a worker", queues=EVERYWHERE, **fields)


def states(*jobs):
    return [Job.objects.get(pk=job.pk).state for job in jobs]


def test_asking_twice_is_asking_once():
    project = make_project()

    first, second = ask(project, scorer="length"), ask(project, scorer="length")

    assert first == second
    assert Job.objects.count() == 1


def test_other_work_or_another_project_is_another_job():
    one, other = make_project(), make_project()

    assert len({ask(one, n=1).key, ask(one, n=2).key, ask(other, n=1).key}) == 3


def test_a_job_is_claimed_by_one():
    job = ask(n=1)

    assert [claim(), claim()] == [job, None]


def test_a_worker_takes_only_from_its_queues():
    ask(n=1)

    assert claim_job(holder="a worker", queues=["judge"]) is None


def test_an_attempt_is_counted_before_the_work_begins():
    ask(n=1)

    assert claim().attempts == 1


def test_a_lapsed_lease_is_claimed_again_and_the_old_holder_is_fenced():
    ask(n=1)
    late = claim()
    lapse(Job.objects.all())

    second = claim()

    assert (second.pk, second.attempts) == (late.pk, 2)
    assert not extend_lease(job=late)
    assert not finish_job(job=late, result={"by": "late"})
    assert not fail_job(job=late, error="late")
    assert finish_job(job=second, result={"by": "second"})
    assert Job.objects.get().result == {"by": "second"}


def test_work_that_kills_its_worker_is_set_aside_after_three_attempts():
    job = ask(n=1)
    for _ in range(MAX_ATTEMPTS):
        assert claim() is not None
        lapse(Job.objects.all())

    assert claim() is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.error == "Given up after 3 attempts that ended without a word."


def test_poison_does_not_hold_up_what_is_behind_it():
    ask(n=1)
    for _ in range(MAX_ATTEMPTS):
        claim()
        lapse(Job.objects.all())
    behind = ask(n=2)

    assert claim() == behind


def test_faults_of_its_own_end_a_job_after_three_attempts():
    ask(n=1)
    told = []
    while (job := claim()) is not None:
        fail_job(job=job, error="ValueError: no", retry_in=timedelta())
        told.append(Job.objects.get().state)

    assert told == ["waiting", "waiting", "failed"]


def test_waiting_for_something_outside_uses_up_no_attempt_and_ends_all_the_same():
    ask(n=1)
    told = []
    while (job := claim()) is not None:
        fail_job(job=job, error="it is down", retry_in=timedelta(), blameless=True)
        told.append((Job.objects.get().state, Job.objects.get().attempts))

    assert told == [("waiting", 0)] * (MAX_RETRIES - 1) + [("failed", 1)]


def test_what_was_put_off_is_not_claimed_before_it_is_due():
    job = ask(make_project(), n=1)
    fail_job(job=claim(), error="busy", retry_in=timedelta(minutes=5), blameless=True)

    assert claim() is None
    job.refresh_from_db()
    assert timedelta(minutes=4) < job.due_at - database_now() <= timedelta(minutes=5)


def test_split_work_tells_how_far_it_is_and_ends_with_its_last_chunk():
    job = ask(units=[1, 2, 3, 4, 5])
    told = []
    while (chunk := claim()) is not None:
        finish_job(job=chunk, result={})
        job.refresh_from_db()
        told.append((job.state, job.done, job.total))

    assert told == [("split", 2, 5), ("split", 4, 5), ("done", 5, 5)]
    assert [chunk.payload["units"] for chunk in job.chunks.order_by("pk")] == [[1, 2], [3, 4], [5]]


def test_a_failed_chunk_fails_its_parent_only_when_the_others_are_through():
    job = ask(units=[1, 2, 3])
    fail_job(job=claim(), error="no")
    assert states(job) == ["split"]

    finish_job(job=claim(), result={})

    job.refresh_from_db()
    assert (job.state, job.done, job.error) == ("failed", 1, "1 of 2 chunks failed: no")


def test_retrying_runs_only_what_failed():
    job = ask(units=[1, 2, 3])
    failed = claim()
    fail_job(job=failed, error="no")
    finish_job(job=claim(), result={})
    job.refresh_from_db()

    assert retry_job(job=job) == 1
    assert states(job, failed) == ["split", "waiting"]
    finish_job(job=claim(), result={})
    job.refresh_from_db()
    assert (job.state, job.done, job.error) == ("done", 3, "")


def test_retrying_one_chunk_opens_its_parent():
    job = ask(units=[1, 2, 3, 4])
    chunk = claim()
    fail_job(job=chunk, error="no")
    fail_job(job=claim(), error="no")

    retry_job(job=Job.objects.get(pk=chunk.pk))

    assert states(job, chunk) == ["split", "waiting"]
    finish_job(job=claim(), result={})
    job.refresh_from_db()
    assert (job.state, job.done) == ("failed", 2)


def test_asking_again_for_what_failed_sends_it_back_to_work():
    job = ask(n=1)
    fail_job(job=claim(), error="no")

    assert ask(n=1) == job
    assert claim() == job


def test_a_cancelled_job_takes_no_result_and_loses_its_waiting_chunks():
    job = ask(units=[1, 2, 3])
    running = claim()

    assert cancel_job(job=job) == 3
    assert not finish_job(job=running, result={})
    assert not extend_lease(job=running)
    assert claim() is None
    assert states(job, running) == ["cancelled", "cancelled"]


def test_a_cancelled_job_can_be_taken_up_again():
    job = ask(units=[1, 2, 3])
    finish_job(job=claim(), result={})
    cancel_job(job=job)

    ask(units=[1, 2, 3])
    finish_job(job=claim(), result={})

    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 3)


def test_what_is_done_is_not_cancelled():
    job = ask(n=1)
    finish_job(job=claim(), result={})

    assert cancel_job(job=job) == 0
    assert states(job) == ["done"]


def test_the_sweep_finds_what_nobody_has():
    waiting, lapsed, held, late = ask(n=1), ask(n=2), ask(n=3), ask(n=4)
    for job in (lapsed, held):
        claim(job_id=job.pk)
    lapse(Job.objects.filter(pk=lapsed.pk))
    fail_job(job=claim(job_id=late.pk), error="busy", retry_in=timedelta(hours=1), blameless=True)

    assert sorted(due_jobs()) == [(waiting.pk, "cpu"), (lapsed.pk, "cpu")]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_worker_with_a_wrong_clock_takes_nothing_early(monkeypatch, hours):
    first = ask(n=1)
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    assert claim() == first
    assert claim() is None


@pytest.mark.parametrize("hours", [-2, 2])
def test_work_asked_for_by_a_machine_with_a_wrong_clock_is_due_at_once(monkeypatch, hours):
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    # The column's default took hold of the clock when the model was made.
    monkeypatch.setattr(Job._meta.get_field("due_at"), "_get_default", lambda: wrong)
    job = ask(n=1)
    split = ask(units=[1])

    assert [claim(), claim()] == [job, split.chunks.get()]
