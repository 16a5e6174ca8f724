"""An answer and the next item are one step for a judge, and no answer depends on there being a next item."""

from __future__ import annotations

import uuid

import pytest

from annotate.enums import AssignmentState, JudgeStanding
from annotate.errors import LeaseLost
from annotate.models import Assignment, Judge, Judgment, Project
from annotate.services.assignments import take_next
from annotate.services.judgments import record_judgment
from annotate.services.moving_on import answer_and_take
from annotate.services.submissions import submit_once
from tests.factories import make_items, make_judge, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def answering(assignment, *, key=None, before=lambda: None):
    """Stores a preference, as the desk does; ``before`` happens first, as from somebody else."""
    key = key or uuid.uuid4()

    def record(*, joined):
        before()

        def act():
            kept = record_judgment(
                assignment=assignment, token=assignment.lease_token, answers={"preference": 2}
            )
            return 200, {"judgment": kept.pk}

        user = assignment.judge.user
        return submit_once(user=user, key=key, digest="same", act=act, joined=joined)

    return record


def held(project, judge):
    assignment = take_next(project=project, judge=judge)
    assert assignment is not None
    return assignment


def test_the_answer_is_kept_and_another_item_is_leased():
    project = make_project()
    make_items(project, 2, seats=1)
    assignment = held(project, make_judge(project))

    ahead = answer_and_take(assignment=assignment, record=answering(assignment))

    assert Judgment.objects.get().assignment == assignment
    assert (ahead.state, ahead.item_id != assignment.item_id) == (AssignmentState.LEASED, True)


def test_the_last_answer_is_kept_where_nothing_is_left():
    project = make_project()
    make_items(project, 1, seats=1)
    assignment = held(project, make_judge(project))

    assert answer_and_take(assignment=assignment, record=answering(assignment)) is None
    assert Judgment.objects.count() == 1


def test_an_answer_is_kept_where_the_next_item_cannot_be_taken_with_it():
    project = make_project()
    make_items(project, 3, seats=1)
    judge = make_judge(project)
    assignment = held(project, judge)
    calls = []

    def pause_once():
        """Undone with the rest of the first try, so that the second one finds the judge at work."""
        if not calls:
            Judge.objects.filter(pk=judge.pk).update(standing=JudgeStanding.PAUSED)
        calls.append(1)

    ahead = answer_and_take(assignment=assignment, record=answering(assignment, before=pause_once))

    kept = Judgment.objects.get()
    assert (kept.assignment_id, kept.revision, len(calls)) == (assignment.pk, 1, 2)
    assert ahead.item_id != assignment.item_id
    assert Assignment.objects.filter(state=AssignmentState.LEASED).count() == 1


def test_the_same_key_twice_leaves_one_judgment():
    project = make_project()
    make_items(project, 3, seats=1)
    assignment = held(project, make_judge(project))
    record = answering(assignment, key=uuid.uuid4())

    first = answer_and_take(assignment=assignment, record=record)
    again = answer_and_take(assignment=assignment, record=record)

    assert Judgment.objects.count() == 1
    assert again == first


def test_an_answer_to_a_lost_lease_changes_nothing():
    project = make_project()
    make_items(project, 2, seats=1)
    assignment = held(project, make_judge(project))
    Assignment.objects.filter(pk=assignment.pk).update(lease_token=uuid.uuid4())

    with pytest.raises(LeaseLost):
        answer_and_take(assignment=assignment, record=answering(assignment))

    assert Judgment.objects.count() == 0
    assert Assignment.objects.get().state == AssignmentState.LEASED


def test_where_answers_open_seats_both_steps_still_happen():
    project = make_project()
    Project.objects.filter(pk=project.pk).update(overlap_max=3)
    project.refresh_from_db()
    make_items(project, 2, seats=1)
    assignment = held(project, make_judge(project))

    ahead = answer_and_take(assignment=assignment, record=answering(assignment))

    assert Judgment.objects.count() == 1
    assert ahead.item_id != assignment.item_id
