from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from django.core.management import call_command

from annotate.enums import Verdict
from annotate.errors import InvalidSetting, NothingToDo
from annotate.services.importing import import_items
from curation.enums import Scorer
from curation.models import Score
from curation.services.evaluating import evaluate_recipe
from curation.services.settling import settle_items
from tests.factories import make_project

pytestmark = pytest.mark.django_db
WIDTH = 32
WORDS = ("oak", "elm", "ash", "fir", "yew", "bay", "box", "fig", "gum", "nut", "pea", "rye")


def by_words(texts):
    """Unit vectors from the words alone: what a model gives, without waiting for one."""
    found = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.split():
            found[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % WIDTH] += 1
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)


def judged(tmp_path, count=60, *, wrong_every=3):
    """People prefer the response that is right; every so often the model judge, who is settled on, errs."""
    rows = []
    for number in range(count):
        good, bad = f"right answer {number}", f"wrong guess {number}"
        sides = [good, bad] if number % 2 else [bad, good]
        truth = -2 if number % 2 else 2
        model = -truth if number % wrong_every == 0 else truth
        rows.append(
            {
                "id": f"i{number}",
                "prompt": f"question {number}",
                "candidates": [{"text": text} for text in sides],
                "judgments": [
                    {"judge": "ann", "kind": "person", "answers": {"preference": truth}},
                    {"judge": "m", "kind": "model", "answers": {"preference": model}},
                ],
                "meta": {"subject": "odd" if number % 2 else "even"},
            }
        )
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture
def project(tmp_path):
    project = make_project()
    import_items(project=project, path=judged(tmp_path))
    settle_items(project=project)
    return project


def test_dropping_what_people_and_models_disagree_on_is_told_to_help(project):
    steps = [{"step": "people_and_models", "keep": "agree"}]
    found = evaluate_recipe(project=project, steps=steps, pool="models", embed=by_words, seeds=2)

    raw, after = found["sets"]
    assert (found["tested"], found["prompts"]) == (60, 60)
    assert (raw["name"], raw["rows"], after["rows"]) == ("raw", 60, 40)
    assert after["accuracy"]["value"] > raw["accuracy"]["value"]
    assert after["against_raw"]["low"] > 0
    assert found["verdict"].startswith("The recipe helps")
    assert set(after["slices"]) == {"odd", "even"}
    assert list(after["curve"]) == ["0.125", "0.25", "0.5", "1.0"]


def planted_strength(project, *, knows):
    """A score by strength for every pair. ``knows``: it is below 0 where the label settled on is wrong."""
    for item in project.items.order_by("pk"):
        first, second = item.candidates.order_by("position")
        right = Verdict.FIRST if first.text.startswith("right") else Verdict.SECOND
        settled = item.estimates.get(pool="people_first").verdict
        strength = 1.0 if settled == right or not knows else -1.0
        Score.objects.create(
            item=item, first=first, second=second, scorer=Scorer.STRENGTH, revision="halves-2+planted",
            parameters_hash="1", subject_hash=f"{item.pk}-{knows}",
            value=strength, details={"label": str(settled)},
        )  # fmt: skip


@pytest.fixture
def of_noise(tmp_path):
    """Judged by a coin: whatever an evaluation finds to help here came from the tested labels."""
    project = make_project()
    draw = np.random.default_rng(5)
    rows = []
    for number in range(260):
        words = [" ".join(draw.choice(WORDS, size=6)) for _ in range(2)]
        answers = {"preference": 2 if draw.random() < 0.5 else -2}
        rows.append(
            {
                "id": f"i{number}",
                "prompt": f"question {number}",
                "candidates": [{"text": f"{text} {number}"} for text in words],
                "judgments": [{"judge": "ann", "kind": "person", "answers": answers}],
            }
        )
    file = tmp_path / "noise.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_items(project=project, path=file)
    settle_items(project=project)
    return project


def test_a_strength_planted_from_the_tested_labels_cannot_lift_the_accuracy(of_noise):
    """The stored score names the side that a coin fell on. It is fitted anew from the labels of each fold, so
    what is stored changes nothing but how many rows are counted."""
    asked = {"project": of_noise, "embed": by_words, "seeds": 1}
    steps = [{"step": "strength", "treatment": "drop", "below": 0}]
    planted_strength(of_noise, knows=True)
    knowing = evaluate_recipe(steps=steps, **asked)
    Score.objects.all().delete()
    planted_strength(of_noise, knows=False)
    plain = evaluate_recipe(steps=steps, **asked)

    assert knowing["sets"][1]["accuracy"] == plain["sets"][1]["accuracy"]
    assert knowing["sets"][1]["rows"] < plain["sets"][1]["rows"] == 260
    assert knowing["sets"][1]["against_raw"]["low"] <= 0
    assert knowing["verdict"].startswith("It cannot be told")


def test_strength_from_lists_of_reward_models_is_taken_as_it_is(of_noise):
    steps = [{"step": "strength", "treatment": "drop", "below": 0}]
    planted_strength(of_noise, knows=True)
    Score.objects.update(parameters={"lists": "a1b2"})

    found = evaluate_recipe(project=of_noise, steps=steps, embed=by_words, seeds=1)

    assert found["sets"][1]["accuracy"] != found["sets"][0]["accuracy"]
    assert "At most" not in found["verdict"]


def test_an_agreement_bound_goes_by_the_votes_of_the_fold_alone(project):
    """All votes of this project agree too little, and so do those of every fold: nothing is learnt from."""
    steps = [{"step": "min_alpha", "at_least": 0.99, "by": "project"}]

    found = evaluate_recipe(project=project, steps=steps, pool="together", embed=by_words, seeds=1)

    assert found["sets"][1]["rows"] == 0
    assert found["sets"][1]["accuracy"]["value"] == 0.5


def test_a_step_by_a_score_that_is_not_there_is_refused_by_name(project):
    with pytest.raises(InvalidSetting) as refused:
        evaluate_recipe(
            project=project, steps=[{"step": "difficulty"}], pool="models", embed=by_words, seeds=1
        )
    assert refused.value.field == "scorer"


def test_strength_needs_enough_labels_in_every_fold(project):
    planted_strength(project, knows=True)

    with pytest.raises(NothingToDo, match="250 pairs of 25 prompts") as refused:
        evaluate_recipe(project=project, steps=[{"step": "strength"}], embed=by_words, seeds=1)
    assert refused.value.cure


def test_no_gain_is_claimed_where_a_judge_learnt_from_the_tested_labels(project):
    steps = [{"step": "people_and_models", "keep": "agree"}]
    project.judges.filter(kind="model").update(settings={"backend": "strength"})

    found = evaluate_recipe(project=project, steps=steps, pool="models", embed=by_words, seeds=2)
    by_people = evaluate_recipe(project=project, steps=[], pool="people", embed=by_words, seeds=1)

    assert found["verdict"].startswith("At most +")
    assert "At most" not in by_people["verdict"]


def test_the_same_seeds_give_the_same_numbers(project):
    one, other = (
        evaluate_recipe(project=project, steps=[], pool="models", embed=by_words, seeds=1) for _ in range(2)
    )

    assert one == other


def test_a_project_without_human_verdicts_cannot_be_evaluated():
    project = make_project()

    with pytest.raises(NothingToDo) as refused:
        evaluate_recipe(project=project, steps=[], embed=by_words)
    assert refused.value.cure


def test_seeds_out_of_range_are_refused(project):
    with pytest.raises(InvalidSetting) as refused:
        evaluate_recipe(project=project, steps=[], embed=by_words, seeds=0)
    assert refused.value.field == "seeds"


def test_the_command_prints_one_json_object(tmp_path, capsys):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: agreed\npool: models\nsteps:\n  - step: people_and_models\n    keep: agree\n")

    call_command("evaluate", str(judged(tmp_path)), "--recipe", str(recipe), "--seeds", "1", "--json")

    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["sets"]] == ["raw", "1. people_and_models"]
