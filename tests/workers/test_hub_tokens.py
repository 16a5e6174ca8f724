"""A lead's own hub token: sealed in the database, opened by the worker that sends, and in no other place."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from annotate.errors import InvalidSetting
from annotate.models import Job
from curation.models import HubToken
from curation.services.hub_tokens import keep_hub_token, kept_token, opened_hub_token, seal_tokens_anew
from curation.services.publishing import ask_to_publish
from curation.services.recipes import save_recipe
from curation.services.releasing import folder_of, freeze_release
from curation.services.settling import settle_items
from tests.curation.test_releasing import contents
from tests.factories import make_item, make_judge, make_judgment, make_user
from tests.workers.local_hub import TOKEN, LocalHub
from workers.running import work_off

pytestmark = pytest.mark.django_db

OLD, NEW = "an-old-key-of-the-tests-" * 3, "a-new-key-of-the-tests-" * 3
HERE = {"to": "hub", "repository": "lab/pairs", "private": "on"}


@pytest.fixture
def hub(settings):
    hub = LocalHub()
    settings.WINNOW_HUB_ENDPOINT = hub.url
    settings.WINNOW_TOKEN_KEYS = [OLD]
    yield hub
    hub.close()


@pytest.fixture
def release(project, lead):
    judge = make_judge(project)
    for place in range(8):
        make_judgment(make_item(project, texts=(f"yes {place}", f"no {place}")), judge, -2)
    settle_items(project=project)
    recipe = save_recipe(project=project, name="Clean", steps=[{"step": "drop_undecided"}])
    return freeze_release(project=project, recipe=recipe, by=lead)


@pytest.fixture
def browser(client, lead):
    client.force_login(lead)
    return client


def address(name, release):
    return reverse(name, args=[release.project.slug, release.version])


def dump():
    """Every row of every table, as a backup would have it."""
    told = io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            told.write(repr(cursor.fetchall()))
    return told.getvalue()


def test_a_lead_types_a_token_once_in_the_browser_and_releases_go_to_the_hub(hub, release, browser, lead):
    first = browser.post(address("publish_release", release), HERE | {"token": TOKEN})
    work_off()
    page = browser.get(address("show_release", release)).content.decode()
    again = browser.post(address("publish_release", release), HERE | {"repository": "lab/more"})
    work_off()

    assert (first.status_code, again.status_code) == (302, 302)
    assert [job.state for job in Job.objects.filter(payload__publish="hub")] == ["done", "done"]
    assert hub.repositories["lab/pairs"]["main"] == contents(folder_of(release))
    assert set(hub.repositories) == {"lab/pairs", "lab/more"}
    assert f"…{TOKEN[-4:]}" in page


def test_the_token_is_in_no_page_row_log_job_or_file(hub, release, browser, caplog, settings):
    caplog.set_level(logging.DEBUG)
    seen = [browser.post(address("publish_release", release), HERE | {"token": TOKEN, "repository": "no"})]
    seen.append(browser.post(address("publish_release", release), HERE | {"token": TOKEN}))
    work_off()
    seen.append(browser.get(address("show_release", release)))
    seen.append(browser.get("/api/hub-token/"))

    everything = [answer.content.decode() for answer in seen] + [dump(), caplog.text]
    everything += [path.read_bytes().decode("latin-1") for path in home_files(settings) if path.is_file()]
    assert Job.objects.get(payload__publish="hub").state == "done"
    assert TOKEN in [word.removeprefix("Bearer ") for word in hub.authorized]
    assert not [text for text in everything if TOKEN in text]
    assert seen[0].status_code == 422


def home_files(settings):
    from pathlib import Path

    return Path(settings.WINNOW_HOME).rglob("*")


def test_a_changed_key_says_so_and_asks_for_the_token_again(hub, release, browser, lead, settings):
    keep_hub_token(user=lead, token=TOKEN)
    waiting = ask_to_publish(release=release, by=lead, to="hub", repository="lab/pairs")
    settings.WINNOW_TOKEN_KEYS = [NEW]
    work_off()

    page = browser.get(address("show_release", release)).content.decode()
    refused = browser.post(address("publish_release", release), HERE)
    typed = browser.post(address("publish_release", release), HERE | {"token": TOKEN})
    work_off()

    failed_first = Job.objects.get(pk=waiting.pk)
    assert "can no longer be used" in page
    assert refused.status_code == 422
    assert "can no longer be opened: the key that sealed it was changed" in refused.content.decode()
    assert typed.status_code == 302
    assert (failed_first.state, hub.repositories["lab/pairs"]["private"]) == ("done", True)


def test_an_old_key_opens_until_all_tokens_are_sealed_anew(hub, lead, settings):
    keep_hub_token(user=lead, token=TOKEN)
    settings.WINNOW_TOKEN_KEYS = [NEW, OLD]
    opened = opened_hub_token(user_id=lead.pk)
    call_command("seal_tokens", stdout=io.StringIO())
    settings.WINNOW_TOKEN_KEYS = [NEW]

    assert (opened, opened_hub_token(user_id=lead.pk)) == (TOKEN, TOKEN)
    settings.WINNOW_TOKEN_KEYS = [OLD]
    assert seal_tokens_anew() == (0, 1)


def test_a_token_opens_for_its_owner_and_its_hub_alone(hub, lead, settings):
    other = make_user()
    keep_hub_token(user=lead, token=TOKEN)
    stolen = HubToken.objects.get(user=lead)
    HubToken.objects.create(user=other, hub=stolen.hub, sealed=stolen.sealed, ending="xxxx")

    with pytest.raises(InvalidSetting, match="can no longer be opened"):
        opened_hub_token(user_id=other.pk)
    HubToken.objects.filter(user=lead).update(hub="http://127.0.0.1:9")
    settings.WINNOW_HUB_ENDPOINT = "http://127.0.0.1:9"
    with pytest.raises(InvalidSetting, match="can no longer be opened"):
        opened_hub_token(user_id=lead.pk)
    HubToken.objects.filter(user=lead).update(hub=hub.url)
    with pytest.raises(InvalidSetting, match="goes nowhere else"):
        opened_hub_token(user_id=lead.pk)


def test_nobody_sends_with_another_lead_s_token(hub, release, lead, member):
    keep_hub_token(user=lead, token=TOKEN)
    second = member("second", "lead")

    with pytest.raises(InvalidSetting, match="none is kept"):
        ask_to_publish(release=release, by=second, to="hub", repository="lab/pairs")


def test_a_token_is_removed_for_good(hub, release, browser, lead):
    keep_hub_token(user=lead, token=TOKEN)

    asked = browser.post(address("forget_hub_token", release))

    assert asked.status_code == 302
    assert kept_token(lead) is None
    assert not HubToken.objects.exists()


@pytest.mark.parametrize(
    "wrong", ["short", "with a space in the middle", "x" * 501, "hf_line\nX-Header: 1234567890"]
)
def test_what_is_no_token_is_refused_without_being_shown(hub, lead, wrong):
    with pytest.raises(InvalidSetting) as refusal:
        keep_hub_token(user=lead, token=wrong)

    assert wrong not in json.dumps(refusal.value.as_dict())


def test_the_api_takes_tells_of_and_removes_a_token_and_sends_with_it(hub, release, browser, lead):
    put = browser.put("/api/hub-token/", {"token": TOKEN}, content_type="application/json")
    told = browser.get("/api/hub-token/").json()
    sent = browser.post(
        f"/api/projects/{release.project.slug}/releases/{release.version}/publish/",
        {"to": "hub", "repository": "lab/pairs"}, content_type="application/json",
    )  # fmt: skip
    work_off()
    removed = browser.delete("/api/hub-token/")

    assert (put.status_code, sent.status_code, removed.status_code) == (200, 202, 204)
    assert (told["ending"], told["opens"]) == (TOKEN[-4:], True)
    assert TOKEN not in put.content.decode() + sent.content.decode()
    assert hub.repositories["lab/pairs"]["main"] == contents(folder_of(release))
    assert browser.get("/api/hub-token/").json() == {}
