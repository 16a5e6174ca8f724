"""Scores by a model that is named and scores from elsewhere, on their pages and through the API."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotate.models import Job
from curation.models import Score
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment
from tests.workers.runtime.conftest import save_tiny_model
from tests.workers.runtime.test_pair_model import save_pair_model
from tests.workers.runtime.test_reward import save_reward_model
from workers.running import work_off

pytestmark = pytest.mark.django_db

WIDE = "id,candidate,rm_a,rm_b\nq1,0,1.25,0.4\nq1,1,-0.5,0.1\n"
LISTS = '{"id": "q1", "first_scores": [3, 4], "second_scores": [1, 2]}\n'


@pytest.fixture
def pair(project):
    """An item whose first response people prefer."""
    item = make_item(project, external_id="q1")
    make_judgment(item, make_judge(project), -2)
    settle_items(project=project)
    return item


@pytest.fixture
def shelf(settings, tmp_path):
    """Models of every sort, and folders that are refused."""
    settings.WINNOW_MODELS = tmp_path
    save_tiny_model(tmp_path / "writes")
    save_reward_model(tmp_path / "rewards")
    save_reward_model(tmp_path / "classes", labels=3)
    save_pair_model(tmp_path / "pairs")
    save_reward_model(tmp_path / "pickled")
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80")
    save_reward_model(tmp_path / "coded")
    (tmp_path / "coded" / "modeling.py").write_text("raise SystemExit")
    save_reward_model(tmp_path / "weightless")
    (tmp_path / "weightless" / "model.safetensors").unlink()
    return tmp_path


def asked_for(client, project, **given):
    return client.post(f"/p/{project.slug}/scores/model/", given)


@pytest.mark.parametrize(
    ("what", "model"), [("single", "rewards"), ("pair", "rewards"), ("pair", "pairs"), ("logprob", "writes")]
)
def test_a_lead_scores_with_a_model_of_this_machine(project, pair, shelf, lead, sign_in, what, model):
    answer = asked_for(sign_in(lead), project, what=what, here=model)
    work_off()

    assert answer.status_code == 302
    assert Score.objects.first().parameters["model"] == model
    assert Score.objects.first().value is not None


@pytest.mark.parametrize(
    ("what", "model", "words"),
    [
        ("single", "pickled", "pytorch_model.bin may hold pickled code. Convert the weights to safetensors."),
        ("single", "coded", "modeling.py is code. Models that bring their own code are not loaded."),
        ("single", "weightless", "weightless holds no safetensors weights."),
        ("single", "classes", "classes gives 3 numbers; a reward model gives one."),
        ("single", "writes", "writes is a language model, not a reward model."),
        ("single", "pairs", "pairs is a model that reads two responses side by side, not a reward model."),
        ("ches", "rewards", "rewards is a reward model, not a language model."),
        ("single", "smollm2", "The packaged model writes text; it gives no rewards."),
        ("single", "../etc", "names no model"),
        ("single", "owner/name", "owner/name names no revision: pin one with @"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_at_once_with_the_reason(
    project, pair, shelf, lead, sign_in, what, model, words
):
    answer = asked_for(sign_in(lead), project, what=what, model=model)

    assert answer.status_code == 422
    assert words in answer.context["form"].errors["model"][0]
    assert f'value="{model}"' in answer.content.decode()
    assert not Job.objects.filter(kind="score").exists()


def test_the_page_lists_every_folder_with_what_it_is_or_why_not(project, shelf, lead, sign_in):
    found = sign_in(lead).get(f"/p/{project.slug}/scores/model/").context["shelf"]

    assert {one["model"].name: bool(one["model"].refusal) for one in found} == {
        "classes": True, "coded": True, "pairs": False, "pickled": True, "rewards": False,
        "weightless": True, "writes": False,
    }  # fmt: skip


def test_no_model_or_two_is_no_question(project, shelf, lead, sign_in):
    client = sign_in(lead)

    assert asked_for(client, project, what="single").context["form"].errors["here"]
    both = asked_for(client, project, what="single", here="rewards", model="rewards")
    assert both.context["form"].errors["model"]


def test_the_api_says_the_same_of_a_model_that_is_refused(project, pair, shelf, lead, sign_in):
    asked = {"scorer": "reward", "model": "pickled"}
    url = f"/api/projects/{project.slug}/scores/"

    answer = sign_in(lead).post(url, json.dumps(asked), content_type="application/json")

    assert (answer.status_code, answer.json()["field"]) == (422, "model")
    assert "pickled code" in answer.json()["message"]


def upload(text):
    return SimpleUploadedFile("scores.csv", text.encode(), content_type="text/csv")


def test_a_lead_uploads_a_table_and_sees_what_came_of_it(project, pair, lead, sign_in):
    client, url = sign_in(lead), f"/p/{project.slug}/scores/table/"

    assert client.post(url, {"file": upload(WIDE)}).status_code == 302
    work_off()
    page = client.get(url).content.decode()

    assert "rm_a: 1 pair, rm_b: 1 pair" in page
    assert "Reward models that scored this project" in page


def test_a_refused_upload_shows_line_field_and_cure_on_the_page(project, pair, lead, sign_in):
    client, url = sign_in(lead), f"/p/{project.slug}/scores/table/"
    client.post(url, {"file": upload("id,candidate,rm\nq1,0,1\nq1,9,2\n")})
    work_off()

    page = client.get(url).content.decode()

    assert "1 defect. Nothing was taken." in page
    assert "Give the candidate&#x27;s position as stored" in page
    assert not Score.objects.exists()


def test_the_api_takes_a_table_and_makes_strength_of_its_lists(project, pair, lead, sign_in):
    client = sign_in(lead)
    root = f"/api/projects/{project.slug}/scores/"
    file = SimpleUploadedFile("lists.jsonl", LISTS.encode())

    assert client.post(root + "tables/", {"file": file}).status_code == 202
    work_off()
    asked = {"scorer": "strength", "from_lists": True}
    assert client.post(root, asked, content_type="application/json").status_code == 202
    work_off()

    assert Score.objects.get(scorer="strength").value == 2.0
