from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from annotate.errors import InvalidAnswer, LeaseLost
from annotate.models import Assignment, Judgment
from annotate.selectors.judgments import votes_of
from annotate.services.assignments import take_next, undo_last
from annotate.services.guidelines import publish_guideline
from annotate.services.judgments import record_judgment, record_unparseable
from tests.factories import make_item, make_judge, make_lease, make_model_judge, make_project

pytestmark = pytest.mark.django_db


def test_a_judgment_keeps_what_was_shown_and_under_which_guidelines():
    project = make_project()
    item = make_item(project)
    lease = make_lease(item, make_judge(project), order=(1, 0))
    publish_guideline(project=project, text="Something new.")

    made = record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": -2}, seconds=4.5)

    assert (made.answers, made.shown_order, made.seconds) == ({"preference": -2}, [1, 0], 4.5)
    assert made.guideline.version == 1
    assert (made.revision, made.state) == (1, "current")


def test_a_wrong_token_records_nothing():
    lease = make_lease(make_item(make_project()), make_model_judge(make_project()))

    with pytest.raises(LeaseLost):
        record_judgment(assignment=lease, token=uuid.uuid4(), answers={"preference": 1})

    assert (Judgment.objects.count(), Assignment.objects.get().state) == (0, "leased")


def test_an_invalid_answer_leaves_the_lease_as_it_was():
    project = make_project()
    lease = make_lease(make_item(project), make_judge(project))

    with pytest.raises(InvalidAnswer) as refusal:
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 9})

    assert refusal.value.field == "preference"
    assert Assignment.objects.get().state == "leased"


def test_an_assignment_is_answered_once():
    project = make_project()
    lease = make_lease(make_item(project), make_judge(project))
    record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})

    with pytest.raises(LeaseLost):
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 2})

    assert Judgment.objects.get().answers == {"preference": 1}


def test_a_reply_without_a_verdict_is_kept_and_is_no_vote():
    project = make_project()
    lease = make_lease(make_item(project), make_model_judge(project))

    made = record_unparseable(assignment=lease, token=lease.lease_token, raw={"text": "Well, both!"})

    assert (made.state, made.answers, made.raw) == ("unparseable", {}, {"text": "Well, both!"})
    assert votes_of(project) == []


def test_a_recorded_time_is_kept():
    project = make_project()
    lease = make_lease(make_item(project), make_judge(project))
    at = datetime(2023, 4, 5, 6, 7, tzinfo=UTC)

    made = record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": "tie"}, at=at)

    assert made.made_at == at


def test_an_undone_answer_is_no_vote():
    project = make_project()
    make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})
    assert [vote.preference for vote in votes_of(project)] == [1]

    undo_last(project=project, judge=judge)

    assert votes_of(project) == []
