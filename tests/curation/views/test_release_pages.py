"""A release's own pages: whether its recipe helps, and where it is sent."""

from __future__ import annotations

import html

import fsspec
import pytest
from django.urls import reverse

from curation.services.recipes import save_recipe
from curation.services.releasing import folder_of, freeze_release
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment
from workers.running import work_off

pytestmark = pytest.mark.django_db

STEPS = [{"step": "drop_undecided"}, {"step": "min_judges", "at_least": 1}]


@pytest.fixture
def judged(project):
    """Thirty prompts of one subject; people prefer the polite side."""
    judge = make_judge(project)
    for number in range(30):
        polite, rude = f"Certainly, case {number} is easy.", f"Go away with case {number}."
        item = make_item(project, prompt=f"What of case {number}?", texts=(polite, rude))
        item.meta = {"subject": "manners"}
        item.save()
        make_judgment(item, judge, -2)
    settle_items(project=project)
    return project


@pytest.fixture
def release(judged):
    return freeze_release(project=judged, recipe=save_recipe(project=judged, name="Clean", steps=STEPS))


def text_of(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def address(name, release):
    return reverse(name, args=[release.project.slug, release.version])


def test_a_release_is_evaluated_by_a_worker_and_shows_each_step_curve_and_subject(release, lead, sign_in):
    client = sign_in(lead)
    before = text_of(client.get(address("evaluate_release", release)))
    asked = client.post(address("evaluate_release", release))
    work_off()

    page = text_of(client.get(address("evaluate_release", release)))

    assert "Not evaluated yet" in before
    assert asked.headers["Location"] == address("evaluate_release", release)
    assert "cannot be told" in page
    assert "tested on 30 pairs of 30 prompts" in page
    assert [
        page.count(word) > 0 for word in ("raw", "1. drop_undecided", "2. min_judges", "0.125", "manners")
    ]
    assert 'class="line learned"' in page
    assert "cannot be told" in text_of(client.get(address("show_release", release)))


def test_a_reviewer_reads_an_evaluation_and_may_not_ask_for_one(release, reviewer, sign_in):
    client = sign_in(reviewer)

    assert client.get(address("evaluate_release", release)).status_code == 200
    assert client.post(address("evaluate_release", release)).status_code == 403


def test_too_few_decided_prompts_end_the_job_with_how_many_there_are(project, lead, sign_in):
    judge = make_judge(project)
    for number in range(3):
        make_judgment(make_item(project, prompt=f"p{number}"), judge, -1)
    settle_items(project=project)
    few = freeze_release(project=project, recipe=save_recipe(project=project, name="All", steps=[]))
    client = sign_in(lead)
    client.post(address("evaluate_release", few))
    work_off()

    assert "People decided on 3 prompts" in text_of(client.get(address("evaluate_release", few)))


def test_a_card_carries_the_evaluation_that_was_asked_for_with_the_release(judged, lead, sign_in):
    recipe = save_recipe(project=judged, name="Clean", steps=STEPS)
    client = sign_in(lead)
    client.post(reverse("freeze", args=[judged.slug, recipe.pk]), {"format": "preference", "evaluate": "on"})
    work_off()

    made = judged.releases.get()
    card = (folder_of(made) / "README.md").read_text()
    assert "## Does the recipe help?" in card
    assert "| 2. min_judges | 30 |" in card
    assert made.manifest["asked"]["evaluation"]["tested"] == 30
    assert "cannot be told" in text_of(client.get(address("evaluate_release", made)))


def test_a_release_is_sent_to_named_storage_from_its_page(release, lead, sign_in, settings):
    settings.WINNOW_RELEASE_TARGETS = {"lab": "memory://pages"}
    client = sign_in(lead)

    refused = client.post(address("publish_release", release), {"to": "hub", "repository": "no name"})
    asked = client.post(address("publish_release", release), {"to": "lab"})
    work_off()

    place = f"memory://pages/{release.project.slug}/v1"
    assert refused.status_code == 422
    assert "owner/name" in text_of(refused)
    assert asked.headers["Location"] == address("show_release", release)
    assert place in text_of(client.get(address("show_release", release)))
    assert fsspec.filesystem("memory").exists(f"/pages/{release.project.slug}/v1/manifest.json")


def test_a_format_is_looked_at_with_counts_by_kind_before_anything_is_frozen(project, lead, sign_in):
    judges = [make_judge(project, name=f"person {number}") for number in range(2)]
    for number, said in enumerate(
        ((-2, -1), ("tie", "tie"), ("tie", "tie"), ("neither", "neither"), (-1, 1))
    ):
        item = make_item(project, prompt=f"prompt {number}", texts=(f"one {number}", f"two {number}"))
        for judge, preference in zip(judges, said, strict=True):
            make_judgment(item, judge, preference)
    settle_items(project=project)
    steps = [{"step": "drop_undecided", "keep_ties": True, "keep_neither": True, "keep_undecided": True}]
    recipe = save_recipe(project=project, name="All", steps=steps)
    address = reverse("look_at_format", args=[project.slug, recipe.pk])

    shown = text_of(sign_in(lead).post(address, {"format": "unpaired", "neither": "both_bad"}))
    doubled = text_of(sign_in(lead).post(address, {"format": "preference", "ties": "both_orders"}))
    refused = sign_in(lead).post(address, {"format": "win-rates", "ties": "both_orders"})

    counts = [shown.count(f'data-kind="{kind}">{pairs}<') for kind, pairs in
              (("decided", 1), ("tie", 2), ("neither", 1), ("undecided", 1))]  # fmt: skip
    assert counts == [1, 1, 1, 1]
    assert "Both bad: 2 rows each" in shown
    assert '"completion"' in shown
    assert "A row in each order: 2 rows each" in doubled
    assert "one 1" in doubled
    assert refused.status_code == 422
    assert "has no policy" in text_of(refused)


def test_facts_of_a_step_are_told_in_words(project, judged, lead, sign_in):
    recipe = save_recipe(project=project, name="Private", steps=[{"step": "private_data"}])

    page = text_of(sign_in(lead).get(reverse("show_recipe", args=[project.slug, recipe.pk])))

    assert "email 0, phone 0" in page
    assert "{'" not in page


def test_two_recipes_are_told_apart_by_the_pairs_that_only_one_keeps(project, judged, lead, sign_in):
    every = save_recipe(project=project, name="All", steps=[{"step": "drop_undecided"}])
    some = save_recipe(
        project=project,
        name="Some",
        steps=[{"step": "drop_undecided"}, {"step": "sample", "rows": 20, "seed": 1}],
    )

    page = text_of(
        sign_in(lead).get(reverse("compare_recipes", args=[project.slug]), {"a": every.pk, "b": some.pk})
    )

    assert "<dt>Both keep</dt><dd>20</dd><dt>Only All</dt><dd>10</dd><dt>Only Some</dt><dd>0</dd>" in page
