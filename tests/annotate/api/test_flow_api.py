"""Flags, changed answers and one's own history through the API, blind as at the desk."""

from __future__ import annotations

import uuid

import pytest

from annotate.keys import text_key
from annotate.models import Flag, Judgment
from tests.factories import make_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(project, annotator, client):
    texts = ("As ChatGPT, I would say so.", "Because it scatters light.")
    make_item(project, texts=texts, seats=1)
    client.force_login(annotator)
    base = f"/api/projects/{project.slug}"
    return client, base, client.post(f"{base}/next/").json()["assignment"]


def send(client, method, path, body):
    return getattr(client, method)(path, body, content_type="application/json")


def answered(client, base, lease, preference=2):
    body = {
        "lease_token": lease["lease_token"],
        "key": str(uuid.uuid4()),
        "answers": {"preference": preference},
    }
    return send(client, "put", f"{base}/assignments/{lease['id']}/judgment/", body)


def test_models_name_themselves_to_nobody(taken):
    _client, _base, lease = taken

    assert "ChatGPT" not in str(lease)
    assert any("I would say so." in one["text"] for one in lease["candidates"])


def test_the_raw_text_is_for_reviewers_and_leads(taken, project, client, reviewer):
    _client, base, _lease = taken
    item = project.items.get()

    assert client.get(f"{base}/items/").status_code == 403
    assert client.get(f"{base}/items/{item.pk}/").status_code == 403
    client.force_login(reviewer)
    assert "As ChatGPT" in client.get(f"{base}/items/{item.pk}/").content.decode()


def test_highlights_speak_of_the_text_as_shown_on_every_way(taken, project):
    client, base, lease = taken
    project.questions.create(
        position=2, key="spans", kind="spans", text="Which words?", options={"labels": ["odd"]}
    )
    texts = [one["text"] for one in lease["candidates"]]
    side = next(place for place, text in enumerate(texts) if "I would" in text)
    start = texts[side].index("would")
    mark = {"candidate": side, "start": start, "end": start + len("would"), "label": "odd"}
    body = {"lease_token": lease["lease_token"], "key": str(uuid.uuid4())}
    given = {"preference": 2, "spans": [mark | {"text_hash": text_key(texts[side])}]}

    sent = send(client, "put", f"{base}/assignments/{lease['id']}/judgment/", body | {"answers": given})
    [told] = client.get(f"{base}/answers/").json()["answers"]
    changed = send(
        client,
        "post",
        f"{base}/assignments/{lease['id']}/revision/",
        {"revision": 1, "answers": told["answers"]},
    )

    assert (sent.status_code, changed.status_code) == (200, 200)
    assert told["answers"] == given | {"spans": [given["spans"][0] | {"severity": None}]}
    raw = "As ChatGPT, I would say so."
    for judgment in Judgment.objects.all():
        [kept] = judgment.answers["spans"]
        assert raw[kept["start"] : kept["end"]] == "would"
        assert kept["text_hash"] == text_key(raw)
    page = client.get(f"/p/{project.slug}/mine/{lease['id']}/").content.decode()
    assert text_key(texts[side]) in page
    assert text_key(raw) not in page
    assert f"{start}–{start + 5}: odd" in client.get(f"/p/{project.slug}/mine/").content.decode()


def test_a_flag_sent_twice_is_one_flag_with_its_words(taken):
    client, base, lease = taken
    path = f"{base}/assignments/{lease['id']}/flag/"
    body = {"lease_token": lease["lease_token"], "reason": "harmful", "text": "line one"}

    assert send(client, "post", path, body | {"reason": "dull"}).status_code == 400
    assert send(client, "post", path, body).json()["state"] == "flagged"
    assert send(client, "post", path, body).status_code == 200
    assert Flag.objects.get().text == "line one"


def test_an_answer_is_changed_once_for_each_revision_and_told_as_it_was_shown(taken):
    client, base, lease = taken
    assert answered(client, base, lease, -3).status_code == 200
    path = f"{base}/assignments/{lease['id']}/revision/"
    body = {"revision": 1, "answers": {"preference": 1}}

    assert send(client, "post", path, body).json()["revision"] == 2
    assert send(client, "post", path, body).status_code == 412
    assert send(client, "post", path, body | {"revision": 2, "answers": {"preference": 9}}).status_code == 422

    [told] = client.get(f"{base}/answers/").json()["answers"]
    assert (told["revision"], told["answers"]) == (2, {"preference": 1})
    assert Judgment.objects.count() == 2
