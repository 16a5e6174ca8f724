"""Labelling through the API: the same services as the desk, with JSON clothes."""

from __future__ import annotations

import uuid

import pytest

from annotate.models import Candidate, Item, Judgment
from annotate.services.seats import want_seats

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(project):
    item = Item.objects.create(
        project=project,
        key="a" * 64,
        external_id="one",
        group_key="b" * 64,
        prompt=[{"role": "user", "content": "Why is the sky blue?"}],
    )
    for position, text in enumerate(["It scatters light.", "Because."]):
        Candidate.objects.create(
            item=item,
            position=position,
            text=text,
            text_hash=str(position) * 64,
            origin="generated",
            origin_key=str(position),
            model="canary-model",
        )
    want_seats(item_ids=[item.pk], wanted=1)
    return item


@pytest.fixture
def desk(client, annotator, project, item):
    client.force_login(annotator)
    return lambda path, body=None, method="post": getattr(client, method)(
        f"/api/projects/{project.slug}/{path}", body or {}, content_type="application/json"
    )


def answer(taken, preference, **changes):
    return {
        "lease_token": taken["lease_token"],
        "key": str(uuid.uuid4()),
        "answers": {"preference": preference},
    } | changes


def test_the_next_item_shows_texts_and_nothing_of_where_they_come_from(desk):
    taken = desk("next/").json()["assignment"]

    assert sorted(one["text"] for one in taken["candidates"]) == ["Because.", "It scatters light."]
    assert "canary-model" not in desk("next/").content.decode()
    assert set(taken) == {"id", "lease_token", "leased_until", "state", "prompt", "candidates"}


def test_a_preference_for_the_side_shown_first_is_stored_about_that_candidate(desk):
    taken = desk("next/").json()["assignment"]
    shown_first = taken["candidates"][0]["text"]

    desk(f"assignments/{taken['id']}/judgment/", answer(taken, -3), "put")

    judgment = Judgment.objects.get()
    stored_first = Candidate.objects.get(position=0).text
    assert judgment.answers["preference"] == (-3 if shown_first == stored_first else 3)


def test_the_same_key_twice_gets_the_same_reply_and_leaves_one_judgment(desk):
    taken = desk("next/").json()["assignment"]
    body = answer(taken, 2)

    replies = [desk(f"assignments/{taken['id']}/judgment/", body, "put") for _ in range(3)]

    assert {(reply.status_code, reply.content) for reply in replies} == {(200, replies[0].content)}
    assert Judgment.objects.count() == 1


def test_the_same_key_with_another_answer_is_refused(desk):
    taken = desk("next/").json()["assignment"]
    body = answer(taken, 2)
    desk(f"assignments/{taken['id']}/judgment/", body, "put")

    reply = desk(f"assignments/{taken['id']}/judgment/", body | {"answers": {"preference": -2}}, "put")

    assert (reply.status_code, reply.json()["error"]) == (409, "key_reused")


@pytest.mark.parametrize("preference", [4, True, "both", 1.5, None, []])
def test_what_is_no_preference_is_refused_with_a_cure(desk, preference):
    taken = desk("next/").json()["assignment"]

    reply = desk(f"assignments/{taken['id']}/judgment/", answer(taken, preference), "put")

    assert (reply.status_code, reply.json()["field"]) == (422, "preference")
    assert reply.json()["cure"]
    assert Judgment.objects.count() == 0


def test_a_field_nobody_knows_is_an_error(desk):
    taken = desk("next/").json()["assignment"]

    reply = desk(f"assignments/{taken['id']}/judgment/", answer(taken, 1, gold=True), "put")

    assert (reply.status_code, reply.json()) == (400, {"gold": ["There is no such field."]})


def test_a_skipped_item_comes_back_by_undo(desk):
    taken = desk("next/").json()["assignment"]
    desk(f"assignments/{taken['id']}/skip/", {"lease_token": taken["lease_token"], "reason": "unsure"})
    assert desk("next/").json()["assignment"] is None

    again = desk("undo/").json()["assignment"]

    assert (again["id"], again["state"]) == (taken["id"], "leased")
    assert again["lease_token"] != taken["lease_token"]


def test_an_answer_under_a_lost_lease_changes_nothing(desk):
    taken = desk("next/").json()["assignment"]

    reply = desk(
        f"assignments/{taken['id']}/judgment/", answer(taken, 1, lease_token=str(uuid.uuid4())), "put"
    )

    assert (reply.status_code, reply.json()["error"]) == (409, "lease_lost")
    assert Judgment.objects.count() == 0
