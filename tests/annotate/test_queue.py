from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.models import Assignment
from annotate.selectors.progress import judge_progress
from annotate.selectors.queue import next_open_item
from annotate.services.assignments import revoke_assignment, skip_assignment, take_next
from annotate.services.judgments import record_judgment
from annotate.services.seats import take_seat
from tests.factories import make_item, make_items, make_judge, make_project
from tests.helpers import lapse

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def test_the_ring_goes_on_after_the_cursor_and_begins_anew_at_its_end():
    project = make_project()
    keys = sorted(item.key for item in make_items(project, 5, seats=1))
    judge = make_judge(project)
    judge.queue_cursor = keys[2]
    assert next_open_item(judge=judge).key == keys[3]

    judge.queue_cursor = keys[4]
    assert next_open_item(judge=judge).key == keys[0]


def test_judges_begin_at_places_of_their_own():
    project = make_project()
    make_items(project, 60, seats=1)

    starts = {next_open_item(judge=make_judge(project)).key for _ in range(8)}

    assert len(starts) > 4


def test_items_of_another_project_are_not_offered():
    project, other = make_project(), make_project()
    make_item(other, seats=1)

    assert next_open_item(judge=make_judge(project)) is None


def test_an_item_without_seats_is_not_offered():
    project = make_project()
    make_item(project, seats=0)

    assert next_open_item(judge=make_judge(project)) is None


@pytest.mark.parametrize("end", ["answer", "skip", "revoke"])
def test_what_a_judge_had_is_not_offered_again(end):
    project = make_project()
    make_item(project, seats=3)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    if end == "answer":
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})
    elif end == "skip":
        skip_assignment(assignment=lease, token=lease.lease_token)
    else:
        revoke_assignment(assignment=lease)

    assert next_open_item(judge=judge) is None


def test_progress_counts_what_is_done_and_what_is_open_for_this_judge():
    project = make_project()
    make_items(project, 4, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})
    lease = take_next(project=project, judge=judge)
    skip_assignment(assignment=lease, token=lease.lease_token)
    take_next(project=project, judge=judge)
    lapse(Assignment.objects.filter(judge=judge, state="leased"))
    assert take_seat(item_id=project.items.exclude(assignments__judge=judge).get().pk)

    found = judge_progress(judge)

    assert (found.done, found.skipped, found.left) == (1, 1, 1)


def test_taking_asks_the_database_no_more_of_a_larger_project():
    counts = []
    for size in (3, 30):
        project = make_project()
        make_items(project, size, seats=1)
        judge = make_judge(project)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            take_next(project=project, judge=judge)
        counts.append(len(asked))

    # A ring that begins at its end looks twice.
    assert abs(counts[0] - counts[1]) <= 1
