"""Reward models as judges: the larger number wins, and what has none is missing."""

from __future__ import annotations

from math import exp

import pytest

from annotate.models import Judgment
from curation.models import InjectionTrial
from curation.prompts.injections import INJECTIONS
from curation.selectors.judging import judge_spec, standing_of
from curation.selectors.steering import tried_on
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.steering import try_injections
from tests.factories import make_item, make_judge, make_judgment, make_project
from workers.running import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def reward_folder(tmp_path, settings):
    """A tiny reward model with random weights among this installation's models."""
    from tests.workers.runtime.test_reward import save_reward_model

    settings.WINNOW_MODELS = tmp_path
    save_reward_model(tmp_path / "tiny-reward")
    return "tiny-reward"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_heads_on_the_project_s_own_labels_judge_pairs_they_never_saw(project):
    from workers.runtime.errors import MissingPackage
    from workers.runtime.packaged import minilm

    try:
        minilm()
    except MissingPackage as reason:
        pytest.skip(str(reason))
    person = make_judge(project)
    for number in range(230):
        good, bad = (
            f"A kind and helpful answer about number {number}.",
            f"Go away, number {number} is stupid.",
        )
        item = make_item(project, texts=(good, bad) if number % 3 else (bad, good))
        if number < 215:
            make_judgment(item, person, -2 if number % 3 else 2)
    route_items(policy=make_policy(project=project, kind="everyone"))
    judge = save_judge(project=project, name="Our taste", given={"backend": "strength"})

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "done", job.error
    made = Judgment.objects.filter(assignment__judge=judge).order_by("assignment__item_id")
    unseen = [row.answers["preference"] for row in made][215:]
    assert [said < 0 for said in unseen] == [bool(number % 3) for number in range(215, 230)]
    assert made[0].raw["learnt_from"] == 215

    # A line may please them too: they are tried on what nobody has judged.
    tried = try_injections(judge=judge)
    work_off()

    tried.refresh_from_db()
    assert (tried.state, tried.total) == ("done", 15), tried.error
    found = tried_on(judge)
    assert found.pairs == 15
    assert set(found.read.values()) == {15}


def test_heads_need_labels_to_learn_from(project):
    make_item(project)
    route_items(policy=make_policy(project=project, kind="everyone"))
    judge = save_judge(project=project, name="Our taste", given={"backend": "strength"})

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "failed"
    assert "200 pairs" in job.error


def test_a_reward_model_judges_and_has_no_order_to_turn_with(reward_folder):
    project = make_project()
    make_item(project, texts=("one", "another one"))
    make_item(project, texts=("the same", "the same"))
    make_item(project, texts=("something", ""))
    route_items(policy=make_policy(project=project, kind="everyone"))
    judge = save_judge(
        project=project, name="Reward", given={"backend": "reward", "model": reward_folder, "tie_band": 0}
    )

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "done", job.error
    first, second, third = Judgment.objects.filter(assignment__judge=judge).order_by("assignment__item_id")
    rewards = first.raw["rewards"]
    assert (first.answers["preference"] < 0) == (rewards[0] > rewards[1])
    assert second.answers == {"preference": "tie"}
    assert (third.state, third.answers, third.raw["flags"][1]) == ("unparseable", {}, ["empty"])
    assert standing_of(judge).flips == 0
    judge.refresh_from_db()
    assert len(judge.settings["revision"]) == 40


def test_a_reward_model_ranks_all_responses_by_their_rewards(reward_folder):
    project = make_project()
    project.questions.all().delete()
    project.questions.create(position=1, key="order", kind="ranking", text="Which first?", options={})
    texts = ("one", "another one", "a third and longer one", "one")
    whole, holed = make_item(project, texts=texts), make_item(project, texts=("one", "", "three"))
    route_items(policy=make_policy(project=project, kind="everyone"))
    given = {"backend": "reward", "model": reward_folder, "tie_band": 0}
    judge = save_judge(project=project, name="Reward", given=given)

    ask_judge(judge=judge)
    work_off()

    made = Judgment.objects.get(assignment__judge=judge, assignment__item=whole)
    rewards = made.raw["rewards"]
    by_reward = [[place for place in range(4) if rewards[place] == one] for one in sorted(set(rewards))[::-1]]
    assert made.answers == {"order": by_reward}
    assert [0, 3] in by_reward
    missing = Judgment.objects.get(assignment__judge=judge, assignment__item=holed)
    assert (missing.state, missing.raw["missing"]) == ("unparseable", {"order": "no number"})


def test_a_reward_model_is_tried_with_lines_in_the_response_of_the_smaller_number(reward_folder):
    from workers.scored_judges import pair_chances

    project = make_project()
    items = [make_item(project, texts=(f"one {number}", f"another {number}")) for number in range(10)]
    make_item(project, texts=("something", ""))
    given = {"backend": "reward", "model": reward_folder, "tie_band": 0}
    judge = save_judge(project=project, name="Reward", given=given)

    job = try_injections(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "done", job.error
    assert tried_on(judge).pairs == 10
    trial = InjectionTrial.objects.get(item=items[0])
    texts = ["one 0", "another 0"]
    _revision, (plain,) = pair_chances(judge, judge_spec(judge), [(items[0], tuple(texts))], lambda: None)
    texts[trial.loser] += "\n" + INJECTIONS["an order"]
    _revision, (ordered,) = pair_chances(judge, judge_spec(judge), [(items[0], tuple(texts))], lambda: None)
    assert trial.loser == int(plain > 0.5)
    assert trial.turned["an order"] == ((ordered > 0.5) == (trial.loser == 0))
    assert InjectionTrial.objects.get(item__candidates__text="something").turned == {}


def test_a_model_that_reads_both_responses_is_asked_in_both_orders(tmp_path, settings):
    from tests.workers.runtime.test_pair_model import load, save_pair_model, values
    from workers.runtime.reward import pair_logits

    settings.WINNOW_MODELS = tmp_path
    save_pair_model(tmp_path / "tiny-pairs")
    project = make_project()
    items = [make_item(project, texts=(f"one {number}", f"another {number}")) for number in range(24)]
    holed = make_item(project, texts=("something", ""))
    route_items(policy=make_policy(project=project, kind="everyone"))
    given = {"backend": "reward", "model": "tiny-pairs", "tie_band": 0}
    judge = save_judge(project=project, name="Pairs", given=given)

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "done", job.error
    asked = [(items[0].prompt, "one 0", "another 0"), (items[0].prompt, "another 0", "one 0")]
    forward, backward = values(pair_logits(load(tmp_path / "tiny-pairs"), asked))
    made = {row.assignment.item_id: row for row in Judgment.objects.filter(assignment__judge=judge)}
    raw = made[items[0].pk].raw
    # Judges run in the model's own width, which for this one keeps three digits.
    assert raw["pairs"][0]["logits"] == pytest.approx([forward, backward], abs=0.02)
    forward, backward = raw["pairs"][0]["logits"]
    assert raw["p_first"] == pytest.approx(1 / (1 + exp(-(forward - backward) / 2)))
    assert raw["bias"] == pytest.approx((forward + backward) / 2)
    assert made[holed.pk].state == "unparseable"
    standing = standing_of(judge)
    turned = sum(row.raw["flipped"] for row in made.values() if row.state == "current")
    assert (standing.pairs, standing.flips) == (24, turned)
    assert standing.alone == (turned <= 0.3 * 24)


def test_a_model_that_reads_both_responses_ranks_by_pairs(tmp_path, settings):
    from tests.workers.runtime.test_pair_model import save_pair_model

    settings.WINNOW_MODELS = tmp_path
    save_pair_model(tmp_path / "tiny-pairs")
    project = make_project()
    project.questions.all().delete()
    project.questions.create(position=1, key="order", kind="ranking", text="Which first?", options={})
    make_item(project, texts=("one", "another one", "a third"))
    route_items(policy=make_policy(project=project, kind="everyone"))
    judge = save_judge(project=project, name="Pairs", given={"backend": "reward", "model": "tiny-pairs"})

    ask_judge(judge=judge)
    work_off()

    made = Judgment.objects.get(assignment__judge=judge)
    assert sorted(place for group in made.answers["order"] for place in group) == [0, 1, 2]
    assert [one["pair"] for one in made.raw["pairs"]] == [[0, 1], [0, 2], [1, 2]]
