from __future__ import annotations

import pytest
from django.core.management import call_command

from annotate.errors import InvalidSetting, NothingToDo
from curation.enums import Scorer
from curation.models import Score
from curation.services.scoring import score_items, store_scores
from tests.factories import make_item
from tests.workers.runtime.conftest import save_tiny_model
from tests.workers.runtime.test_reward import save_reward_model
from workers.policy_scores import ches_scores, logprob_scores
from workers.reward_scores import reward_scores
from workers.running import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny_here(settings, tmp_path):
    """A tiny model among those of this installation, under the name "tiny"."""
    settings.WINNOW_MODELS = tmp_path
    save_tiny_model(tmp_path / "tiny")
    return {"model": "tiny", "dtype": "float32"}


def test_responses_to_two_prompts_get_no_ches_and_a_flag(project, tiny_here):
    item = make_item(project)
    first, second = item.candidates.order_by("position")
    second.prompt = [{"role": "user", "content": "another prompt"}]

    _revision, _parameters, scores = ches_scores([(item, first, second)], tiny_here)

    assert [(one.value, one.flags) for one in scores] == [(None, ("own_prompts",))]


def test_one_pass_gives_log_probabilities_and_ches(project, tiny_here):
    item = make_item(project, texts=("One side.", "Other."))

    score_items(project=project, scorer="logprob", parameters=tiny_here)
    work_off()

    said, ches = Score.objects.get(scorer="logprob"), Score.objects.get(scorer="ches")
    sides = said.details["first"], said.details["second"]
    assert said.item == item
    assert said.value == pytest.approx(sides[1]["total"] - sides[0]["total"])
    assert [side["tokens"] + 1 for side in sides] == [ches.details["n_first"], ches.details["n_second"]]
    assert (said.revision, said.parameters) == (ches.revision, ches.parameters)
    assert said.parameters["model"] == "tiny"


def test_what_is_stored_is_passed_over_and_the_rest_gets_the_same_digits(project, tiny_here):
    pairs = [
        (item, *item.candidates.order_by("position"))
        for item in (make_item(project, texts=(f"word {n} " * n, "other")) for n in range(1, 6))
    ]
    revision, used, whole = logprob_scores(pairs, tiny_here)
    whole = list(whole)
    kept = [one for one in whole if one.item_id in {pairs[0][0].pk, pairs[3][0].pk}]
    for scorer in (Scorer.CHES, Scorer.LOGPROB):
        mine = [one for one in kept if one.scorer == scorer]
        store_scores(scorer=scorer, revision=revision, parameters=used, made=mine)

    again = list(logprob_scores(pairs, tiny_here)[2])

    assert again == [one for one in whole if one not in kept]


@pytest.mark.parametrize("form", ["single", "pair"])
def test_rewards_are_stored_as_a_logit_for_the_first_side_and_scored_once(project, settings, tmp_path, form):
    settings.WINNOW_MODELS = tmp_path
    save_reward_model(tmp_path / "judging", "deberta-v2" if form == "pair" else "llama")
    one, other = make_item(project, texts=("One side.", "Other.")), make_item(project, texts=("", "x"))
    asked = {"model": "judging", "form": form, "dtype": "float32"}

    score_items(project=project, scorer="reward", parameters=asked)
    work_off()

    score, empty = (Score.objects.get(item=item) for item in (one, other))
    sides = list(score.details.values())
    assert score.value == pytest.approx((sides[0] - sides[1]) * (1 if form == "single" else 0.5))
    assert (empty.value, empty.flags) == (None, ["empty"])
    pairs = [(item, *item.candidates.order_by("position")) for item in (one, other)]
    assert list(reward_scores(pairs, asked)[2]) == []


def test_another_model_is_asked_again_and_the_same_one_is_not(project, tiny_here, settings):
    save_tiny_model(settings.WINNOW_MODELS / "second", seed=5)
    make_item(project)

    for model in ("tiny", "second"):
        score_items(project=project, scorer="ches", parameters=tiny_here | {"model": model})
        work_off()

    assert sorted(Score.objects.values_list("parameters__model", flat=True)) == ["second", "tiny"]
    revision = Score.objects.get(parameters__model="tiny").revision
    for asked in ("tiny", f"tiny@{revision}", ""):
        with pytest.raises(NothingToDo):
            score_items(project=project, scorer="ches", parameters=tiny_here | {"model": asked})


def test_the_command_scores_by_the_model_it_is_told_in_one_pass(project, tiny_here):
    make_item(project)

    call_command("score", project.slug, "--with", "ches", "--with", "logprob", "--model", "tiny", "--json")

    assert sorted(Score.objects.values_list("scorer", flat=True)) == ["ches", "logprob"]
    assert Score.objects.get(scorer="ches").parameters["model"] == "tiny"


def test_a_reward_model_must_be_named(project):
    make_item(project)

    with pytest.raises(InvalidSetting, match="Which reward model"):
        score_items(project=project, scorer="reward")


def test_a_model_that_is_not_there_ends_the_job_with_the_reason(project, tiny_here):
    make_item(project)

    job = score_items(project=project, scorer="ches", parameters={"model": "absent"})
    work_off()

    job.refresh_from_db()
    assert (job.state, "no model folder called absent" in job.error) == ("failed", True)
