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
    known = {"id", "lease_token", "leased_until", "state", "prompt", "images", "candidates", "questions"}
    assert set(taken) == known


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


def test_every_kind_is_answered_about_the_sides_as_shown(desk, project, item):
    Candidate.objects.create(
        item=item, position=2, text="Ask 👩‍🚀 them.", text_hash="2" * 64, origin="imported", origin_key="2"
    )
    for place, (key, kind, options) in enumerate(
        (
            ("ranking", "ranking", {}),
            ("scores", "rating", {"attributes": ["help"], "low": 0, "high": 4}),
            ("labels", "choice", {"options": ["a", "b"], "multiple": True}),
            ("critique", "text", {"per_candidate": True}),
            ("spans", "spans", {"labels": ["odd"]}),
        ),
        start=2,
    ):
        project.questions.create(position=place, key=key, kind=kind, text=key, options=options)
    taken = desk("next/").json()["assignment"]
    texts = [one["text"] for one in taken["candidates"]]
    stored_at = {one.text: one.position for one in Candidate.objects.all()}
    order = [stored_at[text] for text in texts]
    place = texts.index("Ask 👩‍🚀 them.")
    given = {
        "preference": "tie",
        "ranking": [[0, 2], [1]],
        "scores": {str(at): {"help": at} for at in range(3)},
        "labels": ["b"],
        "critique": {str(at): text for at, text in enumerate(texts)},
        "spans": [{"candidate": place, "start": 4, "end": 7, "label": "odd"}],
    }

    reply = desk(f"assignments/{taken['id']}/judgment/", answer(taken, "tie", answers=given), "put")

    assert reply.status_code == 200, reply.content
    stored = Judgment.objects.get().answers
    assert stored["ranking"] == [sorted([order[0], order[2]]), [order[1]]]
    assert stored["scores"] == {
        str(order[at]): {"help": at} for at in sorted(range(3), key=order.__getitem__)
    }
    assert stored["critique"] == {str(position): text for text, position in stored_at.items()}
    assert (stored["spans"][0]["candidate"], stored["spans"][0]["end"]) == (2, 7)
    assert [one["key"] for one in taken["questions"]][-1] == "spans"


def test_an_answer_against_a_rule_that_warns_is_kept_when_it_is_confirmed(desk, project):
    project.questions.create(position=2, key="ranking", kind="ranking", text="Order?")
    project.consistency = [{"compare": "preference", "with": "ranking"}]
    project.save()
    taken = desk("next/").json()["assignment"]
    body = answer(taken, -1, answers={"preference": -1, "ranking": [[1], [0]]})

    warned = desk(f"assignments/{taken['id']}/judgment/", body, "put")
    kept = desk(f"assignments/{taken['id']}/judgment/", body | {"confirmed": True}, "put")

    assert (warned.status_code, warned.json()["error"]) == (422, "unlikely_answer")
    assert kept.status_code == 200
