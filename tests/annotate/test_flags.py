from __future__ import annotations

import uuid

import pytest

from annotate.enums import FlagState
from annotate.errors import InvalidAnswer, LeaseLost, StaleEdit
from annotate.selectors.items import pairable_items
from annotate.services.assignments import take_next, undo_last
from annotate.services.flags import answer_flag, flag_assignment, take_back
from annotate.services.seats import want_seats
from tests.factories import make_item, make_judge, make_project, make_user
from tests.helpers import assert_seats_add_up

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


@pytest.fixture
def flagged():
    project = make_project()
    make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    flag = flag_assignment(assignment=lease, token=lease.lease_token, reason="harmful", text=" see line 2 ")
    return project, judge, flag


def test_a_flag_gives_the_item_back_and_keeps_the_words(flagged):
    project, judge, flag = flagged

    assert (flag.state, flag.reason, flag.text) == ("open", "harmful", "see line 2")
    assert flag.assignment.state == "flagged"
    assert take_next(project=project, judge=judge) is None
    assert take_next(project=project, judge=make_judge(project)) is not None
    assert_seats_add_up(project)


def test_undo_opens_what_was_flagged_and_withdraws_the_flag(flagged):
    project, judge, flag = flagged

    opened = undo_last(project=project, judge=judge)

    flag.refresh_from_db()
    assert (opened, opened.state, flag.state) == (flag.assignment, "leased", "withdrawn")
    assert_seats_add_up(project)
    again = flag_assignment(assignment=opened, token=opened.lease_token, reason="broken")
    assert again.state == "open"


def test_the_lead_sets_an_item_aside_and_takes_it_back(flagged):
    project, judge, flag = flagged
    lead = make_user()

    answered = answer_flag(flag=flag, by=lead, state=FlagState.SET_ASIDE, note="Private data.")

    item = answered.assignment.item
    assert (answered.state, answered.answered_by, answered.note) == ("set_aside", lead, "Private data.")
    assert take_next(project=project, judge=make_judge(project)) is None
    assert not pairable_items(project).exists()
    want_seats(item_ids=[item.pk], wanted=3)
    assert take_next(project=project, judge=make_judge(project)) is None
    take_back(item=item)
    assert pairable_items(project).get() == item


def test_a_flag_is_answered_once(flagged):
    _project, _judge, flag = flagged
    answer_flag(flag=flag, by=make_user(), state=FlagState.KEPT)

    with pytest.raises(StaleEdit):
        answer_flag(flag=flag, by=make_user(), state=FlagState.SET_ASIDE)


def test_a_flag_needs_a_reason_and_a_lease():
    project = make_project()
    make_item(project, seats=1)
    lease = take_next(project=project, judge=make_judge(project))

    for reason, text in (("", ""), ("boring", ""), ("other", "  ")):
        with pytest.raises(InvalidAnswer):
            flag_assignment(assignment=lease, token=lease.lease_token, reason=reason, text=text)
    with pytest.raises(LeaseLost):
        flag_assignment(assignment=lease, token=uuid.uuid4(), reason="broken")
    assert lease.flags.count() == 0
