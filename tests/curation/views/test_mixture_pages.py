"""Mixtures for real reward models: written by a worker, taken away, and learned from by their scores."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotate.models import Job
from annotate.services.projects import add_member
from tests.curation.test_learned_routing import tagged_project
from tests.factories import make_user
from workers.running import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path, settings):
    settings.WINNOW_HOME = tmp_path
    return tmp_path


@pytest.fixture
def lead_here(client):
    """A project with labels to learn from, and its lead, signed in."""
    project, lead = tagged_project(labelled=80, waiting=8), make_user()
    add_member(project=project, user=lead, role="lead")
    client.force_login(lead)
    return project, client


def address(name, project, *more):
    return reverse(name, args=[project.slug, *more])


def written(project, client):
    client.post(address("mix", project))
    work_off()
    return Job.objects.get(kind="mixtures")


def file_of(text):
    return SimpleUploadedFile("scores.csv", text.encode())


def test_mixtures_are_written_and_taken_away_whole(lead_here, home):
    project, client = lead_here
    job = written(project, client)

    page = client.get(address("show_routing", project)).content.decode()
    answer = client.get(address("download_mixtures", project, job.pk))

    assert (job.state, job.result) == ("done", {"pairs": 80, "mixtures": 200})
    assert "200 mixtures of 80 pairs" in page
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert sorted(packed.namelist()) == ["manifest.json", "mixtures.jsonl", "pairs.jsonl"]
    assert len(packed.read("pairs.jsonl").splitlines()) == 80


def test_scores_that_come_back_become_the_policy_in_force(lead_here, home):
    project, client = lead_here
    job = written(project, client)
    law = {item.external_id for item in project.items.all() if item.meta["tags"]["subject"] == ["law"]}
    lines = (home / "mixtures" / str(job.pk) / "mixtures.jsonl").read_text().splitlines()
    rows = [
        f"{one['candidate']},{sum(name in law for name in one['people']) - 0.2 * len(one['people'])}"
        for one in map(json.loads, lines)
    ]

    client.post(
        address("upload_mixture_scores", project, job.pk),
        {"scores": file_of("\n".join(["candidate,score", *rows])), "budget": 30},
    )
    work_off()

    policy = project.policies.order_by("-version").first()
    assert (policy.kind, policy.human_budget) == ("mixture", 30)
    assert policy.settings["learned"]["target"] == "uploaded"
    assert policy.routes.exclude(target="model").count() == 30


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("candidate,score\nc0000,1\n", "1 of the candidates have a score."),
        ("candidate,score\nnobody,1\n", "Line 2 is no score of a candidate: nobody."),
        ("", "submitted file is empty"),
        ("candidate,score\n" + "c" * 200_000, "The scores cannot be read."),
        ("candidate,score\nc0000,1,2,3\n\x00,1\n", "Line 3 is no score of a candidate"),
    ],
)
def test_scores_that_do_not_fit_are_refused_with_the_reason(lead_here, home, given, told):
    project, client = lead_here
    job = written(project, client)

    page = client.post(
        address("upload_mixture_scores", project, job.pk), {"scores": file_of(given)}, follow=True
    )

    assert told in page.content.decode()
    assert not Job.objects.filter(kind="route").exists()


def test_nothing_is_written_of_too_few_labels_and_nothing_learned_from_no_mixtures(client, home):
    project, lead = tagged_project(labelled=5), make_user()
    add_member(project=project, user=lead, role="lead")
    client.force_login(lead)
    other = Job.objects.create(project=project, kind="settle", key="k" * 64)

    few = client.post(address("mix", project), follow=True)
    none = client.post(
        address("upload_mixture_scores", project, other.pk),
        {"scores": file_of("candidate,score\nc0000,1\n")},
        follow=True,
    )

    assert "this needs 60" in few.content.decode()
    assert "There are no mixtures here." in none.content.decode()
    assert client.get(address("download_mixtures", project, other.pk)).status_code == 302
