from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from annotate.errors import InvalidAnswer, LeaseLost, NothingToDo
from annotate.models import Assignment, Judgment
from annotate.selectors.desk import desk_item
from annotate.services.assignments import take_next
from annotate.services.judgments import record_judgment
from annotate.services.suggesting import ask_for_suggestion
from tests.factories import make_item, make_items, make_judge, make_judgment, make_model_judge, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def make_place(**flow):
    project = make_project()
    project.flow = {"suggestions": True, "suggestion_holdout": 0} | flow
    project.save()
    item = make_item(project, seats=2)
    make_judgment(item, make_model_judge(project, name="hidden model"), -3)
    return project


def ask(lease, preference=1):
    return ask_for_suggestion(
        assignment=lease, token=lease.lease_token, first={"preference": preference} if preference else {}
    )


def answered(lease):
    lease = Assignment.objects.get(pk=lease.pk)
    return record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": -1})


def test_a_suggestion_comes_after_the_first_answer_and_is_kept_with_the_judgment():
    project = make_place()
    lease = take_next(project=project, judge=make_judge(project))

    with pytest.raises(InvalidAnswer):
        ask(lease, None)
    suggestion = ask(lease)

    assert suggestion.preference == (-3 if lease.order == [0, 1] else 3)
    model = Judgment.objects.get(assignment__judge__kind="model")
    assert answered(lease).suggestion == {
        "first": {"preference": 1}, "held_back": False, "shown": -3, "judgment": model.pk
    }  # fmt: skip


def test_asking_again_changes_no_first_answer():
    project = make_place()
    lease = take_next(project=project, judge=make_judge(project))

    assert ask(lease, 1) == ask(lease, -2)
    assert Assignment.objects.get(pk=lease.pk).suggestion["first"] == {"preference": 1}


def test_it_is_never_shown_where_it_is_held_back():
    project = make_place(suggestion_holdout=100)
    lease = take_next(project=project, judge=make_judge(project))

    assert ask(lease).preference is None
    kept = answered(lease).suggestion
    assert (kept["held_back"], kept["shown"]) == (True, None)


def test_who_did_not_ask_has_none_recorded():
    project = make_place()
    lease = take_next(project=project, judge=make_judge(project))

    assert answered(lease).suggestion is None


def test_no_suggestion_without_a_lease_or_where_the_project_shows_none():
    project = make_place()
    lease = take_next(project=project, judge=make_judge(project))

    with pytest.raises(LeaseLost):
        ask_for_suggestion(assignment=lease, token=uuid.uuid4(), first={"preference": 1})
    lease.item.project.flow = {}
    with pytest.raises(NothingToDo):
        ask(lease)


def test_the_page_says_it_over_the_form_as_it_was(annotator, client):
    project = make_place()
    make_items(project, 1, seats=1)
    project.memberships.create(user=annotator, role="annotator")
    client.force_login(annotator)
    client.post(reverse("next_item", args=[project.slug]))
    lease = Assignment.objects.get(state="leased")
    fields = {
        "lease_token": lease.lease_token,
        "digest": desk_item(assignment=lease).digest,
        "submission_key": uuid.uuid4(),
        "answer_preference": "2",
        "answer_justification": "so far",
    }

    page = client.post(reverse("suggest", args=[project.slug, lease.pk]), fields).content.decode()

    assert "What would a model say?" in page
    assert ("A model would say" in page) == (
        Assignment.objects.get(pk=lease.pk).suggestion["shown"] is not None
    )
    assert "so far" in page
    assert "hidden model" not in page
