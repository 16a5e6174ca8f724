"""Drafts, flags and guidelines as the desk's page sends them."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from annotate.models import Assignment, Draft, Flag, GuidelineReading
from annotate.services.assignments import take_next
from annotate.services.guidelines import publish_guideline
from annotate.services.judges import judge_of
from annotate.services.judgments import record_judgment
from tests.factories import make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(project, annotator, client):
    """Signed in, with an item in hand."""
    make_item(project, seats=2)
    make_item(project, seats=2)
    client.force_login(annotator)
    lease = take_next(project=project, judge=judge_of(project=project, user=annotator))
    return client, lease


def post(client, name, lease, **fields):
    address = reverse(name, args=[lease.item.project.slug, lease.pk])
    return client.post(address, {"lease_token": lease.lease_token, **fields}, headers={"HX-Request": "true"})


def test_a_draft_is_kept_replaced_and_gone_with_the_answer(desk):
    client, lease = desk

    for words in ("beg", "begun"):
        answer = post(client, "keep_draft", lease, digest="d", answer_justification=words, other="x")
        assert (answer.status_code, answer.json()) == (200, {"kept": True})

    draft = Draft.objects.get()
    assert (draft.digest, draft.fields) == ("d", {"answer_justification": ["begun"]})
    again = Assignment.objects.get(pk=lease.pk)
    record_judgment(assignment=again, token=lease.lease_token, answers={"preference": 1})
    assert not Draft.objects.exists()


def test_a_draft_under_a_lost_lease_or_of_no_measure_is_refused(desk):
    client, lease = desk

    assert post(client, "keep_draft", lease, digest="d", lease_token=uuid.uuid4()).status_code == 409
    long = post(client, "keep_draft", lease, digest="d", answer_justification="x" * 200_001)
    assert long.status_code == 422
    assert not Draft.objects.exists()


def test_a_flag_brings_the_next_item(desk):
    client, lease = desk

    answer = post(client, "flag_item", lease, flag_reason="unclear", flag_text="Which one is meant?")

    assert answer.status_code == 200
    assert "Flagged for the lead" in answer.content.decode()
    assert Flag.objects.get().text == "Which one is meant?"
    assert post(client, "flag_item", lease, flag_reason="unclear").status_code == 200
    assert Flag.objects.count() == 1


def test_a_flag_without_a_reason_leaves_the_item_where_it_is(desk):
    client, lease = desk

    assert post(client, "flag_item", lease, flag_reason="nonsense").status_code == 422
    assert not Flag.objects.exists()


def test_guidelines_are_put_before_somebody_once_per_version(desk, project):
    client, _lease = desk
    address = reverse("show_desk", args=[project.slug])
    assert "Read the guidelines first" in client.get(address).content.decode()

    for _ in range(2):
        client.post(reverse("read_guideline", args=[project.slug, project.guidelines.get().pk]))
    assert GuidelineReading.objects.count() == 1
    assert "Read the guidelines first" not in client.get(address).content.decode()

    publish_guideline(project=project, text="Something new.")
    lease = _lease
    record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})
    client.post(reverse("next_item", args=[project.slug]))
    assert "The guidelines have changed: version 2" in client.get(address).content.decode()
