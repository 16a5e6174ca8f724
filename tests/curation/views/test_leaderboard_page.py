"""Which model's responses people prefer: from judgments to the page and the API."""

from __future__ import annotations

import numpy as np
import pytest
from django.urls import reverse

from annotate.models import Candidate, Item
from curation.models import Settlement
from curation.services.settling import settle_items
from tests.factories import ask_preset, make_answers, make_item, make_judge, make_judgment, make_project

pytestmark = pytest.mark.django_db


def written_by(item, *models, subject=""):
    for position, model in enumerate(models):
        Candidate.objects.filter(item=item, position=position).update(model=model)
    Item.objects.filter(pk=item.pk).update(meta={"subject": subject} if subject else {})
    return item


def judged_models(project):
    """Six wins of one model, two of the other and four ties, whichever stands first."""
    judge = make_judge(project)
    for number, said in enumerate([-2] * 6 + [1] * 2 + ["tie"] * 4):
        turned = number % 2
        models = ("small", "large") if turned else ("large", "small")
        item = written_by(make_item(project), *models, subject="maths" if number < 3 else "")
        make_judgment(item, judge, -said if turned and said != "tie" else said)
    settle_items(project=project)


def test_a_closed_form_goes_all_the_way_to_the_page(project, sign_in, lead):
    judged_models(project)
    board = Settlement.objects.get(project=project, pool="people").leaderboard["all"]

    assert board["method"] == "davidson"
    assert [one["model"] for one in board["models"]] == ["large", "small"]
    assert board["models"][0]["theta"] - board["models"][1]["theta"] == pytest.approx(np.log(3), abs=1e-5)
    assert board["nu"] == pytest.approx(4 / np.sqrt(12), abs=1e-5)
    page = sign_in(lead).get(reverse("show_leaderboard", args=[project.slug])).content.decode()
    assert "Davidson" in page
    assert page.index("<b>large") < page.index("<b>small")
    told = sign_in(lead).get(f"/api/projects/{project.slug}/leaderboard/?pool=people").json()
    assert told["models"][0]["won"] == 6


def test_lists_are_placed_by_plackett_and_luce():
    project = ask_preset(make_project(), "oasst-ranking")
    for groups in ([[0], [1, 2]], [[1], [0], [2]], [[2], [0], [1]]):
        item = written_by(make_item(project, texts=("a", "b", "c")), "one", "two", "three")
        make_answers(item, make_judge(project), {"rankable": "yes", "ranking": groups})
    settle_items(project=project)

    board = Settlement.objects.get(project=project, pool="people").leaderboard["all"]
    assert (board["method"], board["connected"]) == ("plackett_luce", True)
    assert board["models"][0]["model"] == "one"


def test_without_the_names_of_models_there_is_nothing_to_place(project, sign_in, lead):
    make_judgment(make_item(project), make_judge(project), -1)
    settle_items(project=project)
    assert Settlement.objects.get(project=project, pool="people").leaderboard == {}
    page = sign_in(lead).get(reverse("show_leaderboard", args=[project.slug])).content.decode()
    assert "No two models were compared" in page
