"""Releases sent to storage that fsspec knows, and to a hub on loopback that checks every call."""

from __future__ import annotations

import json

import fsspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotate.errors import InvalidSetting
from annotate.services.jobs import retry_job
from curation.services.publishing import ask_to_publish, publications_of
from curation.services.releasing import folder_of
from tests.curation.test_releasing import contents, frozen, settled_project
from tests.factories import item_line, make_user, write_lines
from tests.workers.local_hub import TOKEN, LocalHub
from workers.running import work_off

pytestmark = pytest.mark.django_db

ASKED = {"to": "hub", "repository": "lab/pairs", "key_name": "mine"}


@pytest.fixture
def hub(settings):
    hub = LocalHub()
    settings.WINNOW_HUB_ENDPOINT = hub.url
    settings.WINNOW_ENDPOINT_KEYS = {
        "mine": (hub.url, TOKEN),
        "wrong": (hub.url, "hf_another"),
        "far": ("far.example", TOKEN),
    }
    yield hub
    hub.close()


@pytest.fixture
def memory(settings):
    settings.WINNOW_RELEASE_TARGETS = {"lab": "memory://winnow"}
    storage = fsspec.filesystem("memory")
    storage.store.clear()
    yield storage
    storage.store.clear()


def sent(release, **asked):
    job = ask_to_publish(release=release, by=release.frozen_by or make_user(), **asked)
    work_off()
    job.refresh_from_db()
    return job


def test_a_release_goes_to_a_private_repository_as_one_tagged_commit(hub):
    release = frozen(settled_project())

    job = sent(release, **ASKED)

    made = hub.repositories["lab/pairs"]
    assert (job.state, job.error) == ("done", "")
    assert made["private"] is True
    assert made["main"] == made["tags"]["v1"] == contents(folder_of(release))
    assert [path for _method, path in hub.calls].count("/api/datasets/lab/pairs/commit/main") == 1
    assert publications_of(release) == [job]
    assert job.result["address"] == f"{hub.url}/datasets/lab/pairs/tree/v1"


def test_an_upload_that_broke_off_sends_only_what_is_missing(hub):
    release = frozen(settled_project())
    files = contents(folder_of(release))
    hub.fail = {3: 403}
    job = sent(release, **ASKED)
    first = (job.state, len(hub.uploaded), dict(hub.repositories["lab/pairs"]["tags"]))

    retry_job(job=job)
    work_off()

    job.refresh_from_db()
    assert first == ("failed", 2, {})
    assert (job.state, hub.uploads, len(hub.uploaded)) == ("done", 5, 4)
    assert len(set(hub.uploaded)) == 4
    assert hub.repositories["lab/pairs"]["tags"]["v1"] == files


def test_the_same_release_twice_makes_one_commit_and_another_under_its_tag_is_refused(hub):
    release = frozen(settled_project())
    sent(release, **ASKED)
    again = sent(release, **ASKED)
    commits = [path for _method, path in hub.calls if "/commit/" in path]
    other = sent(frozen(settled_project()), **ASKED)

    assert (again.state, len(commits)) == ("done", 1)
    assert other.state == "failed"
    assert "never overwritten" in other.error


def test_a_new_version_takes_the_old_one_s_files_away_and_its_tag_keeps_them(hub):
    project = settled_project()
    split, whole = frozen(project), frozen(project, steps=[{"step": "drop_undecided"}])
    for release in (split, whole):
        sent(release, **ASKED)

    made = hub.repositories["lab/pairs"]
    assert "data/test.parquet" in made["tags"]["v1"]
    assert made["main"] == made["tags"]["v2"] == contents(folder_of(whole))


def test_what_shall_be_private_does_not_go_to_a_public_repository(hub):
    hub.repositories["lab/pairs"] = {"private": False, "main": {}, "tags": {}}
    release = frozen(settled_project())

    refused = sent(release, **ASKED)
    allowed = sent(release, **ASKED, private=False)

    assert refused.state == "failed"
    assert "is public" in refused.error
    assert allowed.state == "done"


@pytest.mark.parametrize(
    ("key", "words"), [("wrong", "Who are you?"), ("far", "not for this address"), ("none", "no key named")]
)
def test_a_token_that_is_wrong_or_not_for_this_hub_ends_the_job_without_showing_it(hub, key, words):
    job = sent(frozen(settled_project()), **ASKED | {"key_name": key})

    assert job.state == "failed"
    assert words in job.error
    assert TOKEN not in json.dumps([job.error, job.payload, job.result])
    assert "hf_another" not in json.dumps([job.error, job.payload, job.result])
    assert hub.repositories == {}


def test_a_hub_that_cannot_be_reached_is_tried_again_later(hub, settings):
    settings.WINNOW_HUB_ENDPOINT = "http://127.0.0.1:9"
    settings.WINNOW_ENDPOINT_KEYS = {"mine": ("http://127.0.0.1:9", TOKEN)}

    job = sent(frozen(settled_project()), **ASKED)

    assert (job.state, job.payload["tries"]) == ("waiting", 1)


def test_a_release_goes_to_named_storage_with_its_manifest_last(memory):
    release = frozen(settled_project())

    job = sent(release, to="lab")

    root = f"/winnow/{release.project.slug}/v1"
    there = {name.removeprefix(f"{root}/"): memory.cat(name) for name in memory.find(root)}
    assert job.state == "done"
    assert there == contents(folder_of(release))
    assert job.result["address"] == f"memory://winnow/{release.project.slug}/v1"


def test_a_copy_that_broke_off_goes_on_and_leaves_what_is_whole(memory):
    release = frozen(settled_project())
    root = f"/winnow/{release.project.slug}/v1"
    files = contents(folder_of(release))
    memory.pipe(f"{root}/README.md", files["README.md"])
    memory.pipe(f"{root}/data/train.parquet", b"cut short")
    before = memory.created(f"{root}/README.md")

    sent(release, to="lab")

    assert memory.created(f"{root}/README.md") == before
    assert memory.cat(f"{root}/data/train.parquet") == files["data/train.parquet"]


def test_another_release_in_the_same_place_is_never_overwritten(memory):
    release = frozen(settled_project())
    root = f"/winnow/{release.project.slug}/v1"
    memory.pipe(f"{root}/manifest.json", b"{}")

    job = sent(release, to="lab")

    assert job.state == "failed"
    assert memory.find(root) == [f"{root}/manifest.json"]


@pytest.mark.parametrize(
    "asked", [{"to": "elsewhere"}, ASKED | {"repository": "https://hub/x"}, ASKED | {"key_name": ""}]
)
def test_a_place_that_is_none_is_refused_at_once(asked):
    release = frozen(settled_project())

    with pytest.raises(InvalidSetting):
        ask_to_publish(release=release, by=make_user(), **asked)


def test_the_command_sends_the_folder_it_wrote_to_a_file_place_and_to_the_hub(hub, tmp_path, capsys):
    said = [{"judge": "ann", "kind": "person", "answers": {"preference": -2}, "order": [1, 0]}]
    file = write_lines(tmp_path / "rows.jsonl", [item_line(place, judgments=said) for place in range(6)])
    out, copy = tmp_path / "out", tmp_path / "copy"

    call_command(
        "release", str(file), "--out", str(out), "--to", f"file://{copy}", "--to", "hub:lab/pairs", "--key",
        "mine", "--json",
    )  # fmt: skip

    told = json.loads(capsys.readouterr().out)
    assert contents(copy) == contents(out) == hub.repositories["lab/pairs"]["main"]
    assert told["sent_to"] == [f"file://{copy}", f"{hub.url}/datasets/lab/pairs/tree/v{told['version']}"]


def test_the_command_says_which_place_it_does_not_know(tmp_path):
    said = [{"judge": "ann", "kind": "person", "answers": {"preference": -2}, "order": [1, 0]}]
    file = write_lines(tmp_path / "rows.jsonl", [item_line(place, judgments=said) for place in range(6)])

    with pytest.raises(CommandError, match="no place"):
        call_command("release", str(file), "--out", str(tmp_path / "out"), "--to", "somewhere")
