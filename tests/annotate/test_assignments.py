from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotate.errors import LeaseLost
from annotate.models import Assignment, Item, Judge
from annotate.services.assignments import (
    reclaim_lapsed,
    renew_lease,
    revoke_assignment,
    skip_assignment,
    take_next,
    undo_last,
)
from annotate.services.judgments import record_judgment
from tests.factories import make_item, make_items, make_judge, make_judgment, make_project
from tests.helpers import assert_judgments_add_up, assert_seats_add_up, database_now, lapse, together

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def submit(lease, preference=2):
    return record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": preference})


def test_taking_an_item_takes_a_seat():
    project = make_project()
    item = make_item(project, seats=2)

    lease = take_next(project=project, judge=make_judge(project))

    item.refresh_from_db()
    assert (lease.item, lease.state, item.seats_taken) == (item, "leased", 1)


def test_asking_again_gives_the_item_that_is_held():
    project = make_project()
    make_items(project, 3, seats=1)
    judge = make_judge(project)

    first, second = take_next(project=project, judge=judge), take_next(project=project, judge=judge)

    assert (first.pk, first.lease_token) == (second.pk, second.lease_token)


def test_a_full_item_is_offered_to_nobody():
    project = make_project()
    make_item(project, seats=1)
    take_next(project=project, judge=make_judge(project))

    assert take_next(project=project, judge=make_judge(project)) is None


def test_an_item_is_given_to_a_judge_once():
    project = make_project()
    make_item(project, seats=2)
    judge = make_judge(project)
    submit(take_next(project=project, judge=judge))

    assert take_next(project=project, judge=judge) is None


def test_skipping_twice_with_one_token_skips_once(project):
    make_items(project, 1, seats=1)
    lease = take_next(project=project, judge=make_judge(project))

    for _time in range(2):
        assert skip_assignment(assignment=lease, token=lease.lease_token).state == "skipped"

    assert_seats_add_up(project)


def test_asking_ahead_brings_another_item_and_the_same_one_again(project):
    make_items(project, 5, seats=1)
    judge = make_judge(project)
    first = take_next(project=project, judge=judge)

    ahead = take_next(project=project, judge=judge, besides=[first.pk])
    again = take_next(project=project, judge=judge, besides=[first.pk])

    assert ahead.item_id != first.item_id
    assert again.pk == ahead.pk
    assert take_next(project=project, judge=judge).pk == first.pk
    assert_seats_add_up(project)


def test_asking_ahead_stops_at_the_most_a_judge_may_hold(project):
    make_items(project, 5, seats=1)
    judge = make_judge(project)
    held = []
    while (lease := take_next(project=project, judge=judge, besides=held)) is not None:
        held.append(lease.pk)

    assert len(held) == project.max_open_leases == 3


@pytest.mark.database_bound
@pytest.mark.django_db(transaction=True)
def test_two_windows_that_ask_ahead_at_once_are_given_one_item(project):
    make_items(project, 8, seats=1)
    judge = make_judge(project)
    first = take_next(project=project, judge=judge)

    def ahead():
        return take_next(project=project, judge=Judge.objects.get(pk=judge.pk), besides=[first.pk]).pk

    found = together(ahead, ahead, ahead, ahead)

    assert len(set(found)) == 1
    assert_seats_add_up(project)


def test_a_judge_walks_every_item_of_the_ring():
    project = make_project()
    items = make_items(project, 20, seats=1)
    judge = make_judge(project)
    seen = set()
    while (lease := take_next(project=project, judge=judge)) is not None:
        submit(lease)
        seen.add(lease.item_id)

    assert seen == {item.pk for item in items}


def test_the_sides_stay_as_they_were_after_a_lapse():
    project = make_project()
    make_item(project, seats=1)
    judge = make_judge(project)
    first = take_next(project=project, judge=judge)
    lapse(Assignment.objects.filter(pk=first.pk))

    again = take_next(project=project, judge=judge)

    assert (again.pk, again.order) == (first.pk, first.order)
    assert again.lease_token != first.lease_token


def test_a_lapsed_lease_gives_its_seat_to_another():
    project = make_project()
    item = make_item(project, seats=1)
    late = take_next(project=project, judge=make_judge(project))
    lapse(Assignment.objects.filter(pk=late.pk))

    lease = take_next(project=project, judge=make_judge(project))

    assert lease.item == item
    with pytest.raises(LeaseLost):
        submit(late)
    assert_seats_add_up(project)


def test_a_lapsed_lease_that_nobody_took_can_still_be_answered():
    project = make_project()
    make_item(project, seats=1)
    lease = take_next(project=project, judge=make_judge(project))
    lapse(Assignment.objects.filter(pk=lease.pk))

    submit(lease)

    assert_judgments_add_up(project)


def test_reclaiming_twice_frees_a_seat_once():
    project = make_project()
    item = make_item(project, seats=2)
    lease = take_next(project=project, judge=make_judge(project))
    take_next(project=project, judge=make_judge(project))
    lapse(Assignment.objects.filter(pk=lease.pk))

    assert [reclaim_lapsed(), reclaim_lapsed()] == [1, 0]
    item.refresh_from_db()
    assert item.seats_taken == 1


def test_renewing_keeps_a_lease_from_being_reclaimed():
    project = make_project()
    make_item(project, seats=1)
    lease = take_next(project=project, judge=make_judge(project))
    lapse(Assignment.objects.filter(pk=lease.pk))

    renew_lease(assignment=lease, token=lease.lease_token)

    assert reclaim_lapsed() == 0


@pytest.mark.parametrize("act", [renew_lease, skip_assignment])
def test_a_foreign_token_moves_nothing(act):
    project = make_project()
    make_item(project, seats=1)
    lease = take_next(project=project, judge=make_judge(project))

    with pytest.raises(LeaseLost):
        act(assignment=lease, token=uuid.uuid4())

    assert Assignment.objects.get().state == "leased"


def test_a_skip_gives_the_seat_back_and_is_not_asked_again():
    project = make_project()
    item = make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)

    skip_assignment(assignment=lease, token=lease.lease_token, reason="not my language")

    item.refresh_from_db()
    assert (item.seats_taken, lease.state, lease.skip_reason) == (0, "skipped", "not my language")
    assert take_next(project=project, judge=judge) is None


def test_a_revoked_lease_frees_its_seat_once_and_cannot_be_answered():
    project = make_project()
    make_item(project, seats=1)
    lease = take_next(project=project, judge=make_judge(project))

    assert [revoke_assignment(assignment=lease), revoke_assignment(assignment=lease)] == [True, False]
    with pytest.raises(LeaseLost):
        submit(lease)
    assert_seats_add_up(project)


def test_undo_opens_the_last_answer_again_and_keeps_it_as_history():
    project = make_project()
    make_items(project, 2, seats=1)
    judge = make_judge(project)
    submit(take_next(project=project, judge=judge), 1)
    last = take_next(project=project, judge=judge)
    submit(last, 2)

    opened = undo_last(project=project, judge=judge)
    submit(opened, -3)

    assert opened.pk == last.pk
    told = list(last.judgments.order_by("revision").values_list("state", "answers__preference"))
    assert told == [("withdrawn", 2), ("current", -3)]
    assert_seats_add_up(project)


def test_undo_of_a_skip_needs_the_seat():
    project = make_project()
    make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    skip_assignment(assignment=lease, token=lease.lease_token)
    take_next(project=project, judge=make_judge(project))

    assert undo_last(project=project, judge=judge) is None
    assert_seats_add_up(project)


def test_undo_of_nothing_is_nothing():
    project = make_project()

    assert undo_last(project=project, judge=make_judge(project)) is None


def test_undo_stays_within_its_project():
    project, other = make_project(), make_project()
    judge = make_judge(other)
    make_judgment(make_item(other, seats=1), judge, 1, seated=True)

    assert undo_last(project=project, judge=judge) is None


@pytest.mark.parametrize("hours", [-2, 2])
def test_leases_run_on_the_clock_of_the_database(monkeypatch, hours):
    project = make_project(lease_minutes=10)
    make_items(project, 2, seats=1)
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    lease = take_next(project=project, judge=make_judge(project))

    assert timedelta(minutes=9) < lease.leased_until - database_now() <= timedelta(minutes=10)
    assert reclaim_lapsed() == 0
    lapse(Assignment.objects.filter(pk=lease.pk))
    assert reclaim_lapsed() == 1
    assert Item.objects.get(pk=lease.item_id).seats_taken == 0
