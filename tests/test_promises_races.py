"""Two things at once: one row, one winner, no seat too many (promises P2, P3, P16)."""

from __future__ import annotations

import random
import uuid

import pytest

from annotate.errors import KeyReused, LeaseLost
from annotate.models import Assignment, ImportRun, Item, Job, Judgment, Submission
from annotate.services.assignments import reclaim_lapsed, skip_assignment, take_next, undo_last
from annotate.services.importing import import_items
from annotate.services.jobs import claim_job, enqueue_job, finish_job
from annotate.services.judgments import record_judgment
from annotate.services.submissions import submit_once
from curation.services.settling import settle_items
from tests.factories import item_line, make_items, make_judge, make_project, make_user, write_lines
from tests.helpers import assert_judgments_add_up, assert_seats_add_up, lapse, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database_bound]


def test_one_key_sent_ten_times_at_once_is_one_judgment():
    project = make_project()
    make_items(project, 1, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    key = uuid.uuid4()

    def send():
        def act():
            mine = Assignment.objects.select_related("item__project").get(pk=lease.pk)
            made = record_judgment(assignment=mine, token=lease.lease_token, answers={"preference": 1})
            return 200, {"judgment": made.pk}

        return submit_once(user=judge.user, key=key, digest="d", act=act)

    replies = together(*[send] * 10)

    made = Judgment.objects.get()
    assert [(reply.status, reply.body) for reply in replies] == [(200, {"judgment": made.pk})] * 10
    assert sorted(reply.repeated for reply in replies) == [False] + [True] * 9
    assert Submission.objects.count() == 1


def test_one_key_with_two_bodies_at_once_takes_one_and_refuses_the_other():
    user = make_user()
    key = uuid.uuid4()

    def send(digest):
        return lambda: submit_once(user=user, key=key, digest=digest, act=lambda: (200, {"digest": digest}))

    results = together(send("one"), send("other"))

    assert sorted(type(result).__name__ for result in results) == ["KeyReused", "Reply"]
    assert [type(result) for result in results if isinstance(result, KeyReused)] == [KeyReused]


def test_two_answers_at_once_on_one_lease_are_one_judgment():
    project = make_project()
    make_items(project, 1, seats=1)
    lease = take_next(project=project, judge=make_judge(project))

    def send():
        mine = Assignment.objects.select_related("item__project").get(pk=lease.pk)
        return record_judgment(assignment=mine, token=lease.lease_token, answers={"preference": 1})

    results = together(*[send] * 4)

    assert sum(isinstance(result, LeaseLost) for result in results) == 3
    assert Judgment.objects.count() == 1


def test_a_job_is_claimed_by_one_of_ten_workers():
    job = enqueue_job(kind="settle", payload={"n": 1})

    claimed = together(*[lambda: claim_job(holder="one of ten", queues=["cpu"])] * 10)

    assert [one for one in claimed if one is not None] == [job]
    assert Job.objects.get().attempts == 1


def test_the_last_two_chunks_ending_at_once_end_their_parent():
    for n in range(8):
        parent = enqueue_job(kind="score", payload={"n": n}, units=[1, 2], chunk_size=1)
        chunks = [claim_job(holder="one of two", queues=["cpu"]) for _ in range(2)]

        ended = together(*[lambda chunk=chunk: finish_job(job=chunk, result={}) for chunk in chunks])

        parent.refresh_from_db()
        assert (ended, parent.state, parent.done) == ([True, True], "done", 2)


def test_the_same_file_imported_by_several_at_once_is_one_import(tmp_path):
    project = make_project()
    path = write_lines(tmp_path / "items.jsonl", [item_line(number) for number in range(40)])

    reports = together(*[lambda: import_items(project=project, path=path)] * 4)

    assert sorted(getattr(report, "items", report) for report in reports) == [0, 0, 0, 40]
    assert (ImportRun.objects.count(), Item.objects.count()) == (1, 40)


def test_asking_for_the_same_work_at_once_is_one_job():
    asked = together(*[lambda: enqueue_job(kind="score", payload={}, units=[1, 2, 3], chunk_size=1)] * 6)

    assert len({job.pk for job in asked}) == 1
    assert Job.objects.filter(parent=None).count() == 1
    assert Job.objects.exclude(parent=None).count() == 3


def test_settling_at_once_leaves_one_estimate_of_each_kind():
    project = make_project()
    make_items(project, 10, seats=1)
    judge = make_judge(project)
    while (lease := take_next(project=project, judge=judge)) is not None:
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})

    reports = together(*[lambda: settle_items(project=project)] * 4)

    assert [report.estimates["people"] for report in reports] == [10] * 4
    assert settle_items(project=project).changed == 0


class Annotator:
    """Somebody with two tabs who answers, passes, walks away and changes their mind."""

    def __init__(self, project, judge, seed):
        self.project, self.judge, self.chance = project, judge, random.Random(seed)
        self.idle = 0

    def step(self):
        lease = take_next(project=self.project, judge=self.judge)
        if lease is None:
            self.idle += 1
            return
        self.idle = 0
        dice = self.chance.random()
        try:
            if dice < 0.06:
                skip_assignment(assignment=lease, token=lease.lease_token)
            elif dice < 0.16:
                lapse(Assignment.objects.filter(pk=lease.pk, state="leased"))
            else:
                preference = self.chance.choice([-3, -1, 1, 3, "tie"])
                record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": preference})
            if dice > 0.97:
                undo_last(project=self.project, judge=self.judge)
        except LeaseLost:
            return

    def work(self):
        while self.idle < 3:
            self.step()


def stampede(items, people, tabs):
    project = make_project(overlap=3)
    make_items(project, items, seats=3)
    judges = [make_judge(project) for _ in range(people)]

    def tab(judge, seed):
        # A judge of its own copy: the second tab knows nothing of the first.
        mine = type(judge).objects.select_related("user").get(pk=judge.pk)
        Annotator(project, mine, seed).work()

    results = together(
        *[lambda judge=judge, seed=seed: tab(judge, seed) for seed, judge in enumerate(judges * tabs)]
    )

    assert [result for result in results if result is not None] == []
    lapse(Assignment.objects.filter(item__project=project, state="leased"))
    reclaim_lapsed(project=project, limit=10_000)
    for judge in judges:
        while (lease := take_next(project=project, judge=judge)) is not None:
            record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 2})
    assert_seats_add_up(project)
    assert_judgments_add_up(project)
    counts = Item.objects.filter(project=project).values_list("seats_taken", flat=True)
    assert list(counts) == [3] * items
    pairs = list(
        Judgment.objects.filter(state="current").values_list("assignment__item", "assignment__judge")
    )
    assert len(pairs) == len(set(pairs)) == 3 * items


def test_many_annotators_fill_every_seat_and_none_twice():
    stampede(items=60, people=8, tabs=2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_annotators_fill_every_seat_of_five_hundred_items():
    stampede(items=500, people=50, tabs=2)
