"""Recipes with their defaults over scores that the scorers of this project made."""

from __future__ import annotations

import numpy as np
import pytest

from annotate.enums import Verdict
from curation.enums import Scorer
from curation.formats.loading import AGAINST, SAME
from curation.models import Estimate, LatestScore
from curation.services.recipes import preview_recipe
from curation.services.scoring import score_items
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment
from tests.workers.runtime.conftest import save_tiny_model
from workers.running import work_off
from workers.text_scores import MAKE, Texts, tell_languages

pytestmark = pytest.mark.django_db

POLITE, RUDE = (
    "Certainly, here is a friendly answer about case {}.",
    "No idea, go away with case {}, will you.",
)


@pytest.fixture
def judged(project):
    """240 pairs whose polite side is preferred, stored second every other time; eight labels are wrong."""
    judge = make_judge(project)
    for number in range(240):
        texts = [POLITE.format(number), RUDE.format(number)]
        turned = number % 2 == 1
        item = make_item(
            project, prompt=f"What of case {number}?", external_id=f"i{number}",
            texts=tuple(reversed(texts) if turned else texts),
        )  # fmt: skip
        wrong = number % 32 == 7
        make_judgment(item, judge, 2 if turned != wrong else -2)
    settle_items(project=project)
    return project


def test_the_strength_step_finds_the_labels_that_real_reward_heads_contradict(judged):
    score_items(project=judged, scorer="strength")
    work_off()

    preview = preview_recipe(project=judged, steps=[{"step": "strength", "treatment": "drop"}])

    scored = dict(LatestScore.objects.filter(scorer="strength").values_list("item__external_id", "value"))
    contradicted = {name for name, mean in scored.items() if mean < 0}
    dropped = preview.columns["id"].take(preview.outcomes[0].dropped).to_pylist()
    assert set(dropped) == contradicted >= {f"i{number}" for number in range(7, 240, 32)}
    assert len(contradicted) < 20
    assert preview.outcomes[0].facts["unscored"] == 0


def test_a_label_settled_anew_turns_the_strength_that_was_scored_before(judged):
    score_items(project=judged, scorer="strength")
    work_off()
    strong = LatestScore.objects.filter(scorer="strength", value__gt=0.5).order_by("pk").first()
    settled = Estimate.objects.get(item=strong.item, pool="people_first")
    settled.verdict = Verdict.SECOND if settled.verdict == Verdict.FIRST else Verdict.FIRST
    settled.save()

    preview = preview_recipe(project=judged, steps=[{"step": "strength", "treatment": "drop"}])

    dropped = preview.columns["id"].take(preview.outcomes[0].dropped).to_pylist()
    assert strong.item.external_id in dropped


def test_likeness_and_difficulty_read_what_the_reference_model_gave(judged, settings, tmp_path):
    settings.WINNOW_MODELS = tmp_path
    save_tiny_model(tmp_path / "tiny")
    score_items(project=judged, scorer="logprob", parameters={"model": "tiny", "dtype": "float32"})
    work_off()

    steps = [{"step": "drop_alike"}, {"step": "keep_least_alike", "percent": 50}, {"step": "difficulty"}]
    preview = preview_recipe(project=judged, steps=steps)

    assert [len(one.dropped) for one in preview.outcomes[:2]] == [24, 108]
    assert [one.facts["unscored"] for one in preview.outcomes] == [0, 0, 0]
    facts = preview.outcomes[2].facts
    assert facts["easy"] + facts["flippable"] + facts["hard"] == 108


def test_a_score_turns_with_the_pair_as_recipes_read_it():
    one = "I'm sorry, but I can't help Ann in Rome with 25 mm of that at all.\n\n- this is a list\n"
    other = "It is about 12 mm wide, as Ann says; please measure it again in Oslo to be really sure."
    texts = Texts("How wide is the door of the house in which Ann lives?", one, other)
    turned = Texts(texts.prompt, texts.second, texts.first)
    tell_languages([texts, turned])

    for scorer, make in MAKE.items():
        here, there = make(texts)[0], make(turned)[0]
        assert here is not None
        assert there == (-here if scorer in AGAINST else here), scorer
        assert scorer in SAME | AGAINST


def test_every_scorer_is_known_to_turn_in_one_way():
    signed = {Scorer.CHES, Scorer.LOGPROB, Scorer.REWARD, Scorer.STRENGTH, Scorer.UPLOADED}

    assert set(Scorer.values) == {one.value for one in signed} | SAME | AGAINST
    assert not SAME & AGAINST


def test_a_missing_score_is_named_with_those_there_are(judged):
    from annotate.errors import InvalidSetting

    with pytest.raises(InvalidSetting) as refused:
        preview_recipe(project=judged, steps=[{"step": "strength"}])

    assert "'strength'" in refused.value.message
    assert np.isin(["length_gap"], refused.value.cure.replace(",", "").split()).all()
