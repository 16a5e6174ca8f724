"""Each preset is a project that can be answered, and settles as its source says."""

from __future__ import annotations

import pytest

from annotate.errors import InvalidAnswer, InvalidSetting
from annotate.questions import settle_rules
from annotate.questions.presets import PRESETS
from annotate.questions.subject import Subject
from annotate.rules.flow import FlowRules

ABOUT = Subject((0, 1), {0: "first", 1: "second"})


def both(entry):
    return {"0": entry, "1": entry}


# One whole answer to each preset.
ANSWERS = {
    "strength": {"preference": "neither"},
    "plain": {"preference": -1},
    "helpsteer2-preference": {"preference": 3, "justification": "The second has the dates right."},
    "helpsteer2": {
        "ratings": both({"helpfulness": 4, "correctness": 4, "coherence": 4, "complexity": 2, "verbosity": 2})
    },
    "multipref": {
        key: answer
        for aspect in ("helpful", "truthful", "harmless")
        for key, answer in ((aspect, "tie"), (f"{aspect}-confidence", "fair"))
    }
    | {"preference": -2, "confidence": "absolute"},
    "mm-rlhf": {
        "scores": both({"helpfulness": 5, "faithfulness": 5, "ethics": 3}),
        "ranking": [[0, 1]],
        "critique": both("Short."),
    },
    "oasst-ranking": {"rankable": "flawed"},
    "oasst-labels": {
        "spam": {"0": "yes", "1": "no"},
        "problems": {"1": ["fails_task"]},
        "qualities": {
            "1": {
                "quality": 3,
                "helpfulness": 2,
                "creativity": None,
                "humor": None,
                "toxicity": 1,
                "violence": 1,
            }
        },
    },
    "safe-rlhf": {
        "preference": 1,
        "safer": -1,
        "severity": {"0": "none", "1": "minor"},
        "harms": {"1": ["insult"]},
    },
    "ultrafeedback": {
        "aspects": both({"instruction_following": 5, "truthfulness": 4, "honesty": None, "helpfulness": 3})
    },
    "kto": {"thumbs": {"0": "up", "1": "down"}},
}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_can_be_asked_answered_and_settled(name):
    preset = PRESETS[name]
    questionnaire = preset.questionnaire()

    assert questionnaire.clean(ANSWERS[name], ABOUT).answers == ANSWERS[name]
    assert preset.settle_rules().verdict_spec(questionnaire) is not None
    assert (preset.overlap_max or preset.overlap) >= preset.overlap
    FlowRules.read(preset.flow)
    assert preset.title
    assert preset.about
    assert preset.source


def test_what_each_preset_decides_by():
    decided = {}
    for name, preset in PRESETS.items():
        questionnaire = preset.questionnaire()
        rules = preset.settle_rules()
        spec = rules.verdict_spec(questionnaire)
        decided[name] = (spec.key, rules.rule_for(spec), preset.overlap, preset.overlap_max)

    assert decided == {
        "strength": ("preference", "majority", 1, None),
        "plain": ("preference", "majority", 1, None),
        "helpsteer2-preference": ("preference", "agreeing", 3, 5),
        "helpsteer2": ("ratings", "agreeing", 3, 5),
        "multipref": ("preference", "majority", 4, None),
        "mm-rlhf": ("ranking", "ranked_pairs", 1, None),
        "oasst-ranking": ("ranking", "ranked_pairs", 3, None),
        "oasst-labels": ("qualities", "mean", 3, None),
        "safe-rlhf": ("preference", "majority", 3, None),
        "ultrafeedback": ("aspects", "mean", 1, None),
        "kto": ("thumbs", "majority", 1, None),
    }


def test_helpsteer2_preference_has_no_middle_and_wants_a_reason():
    asked = PRESETS["helpsteer2-preference"].questionnaire()

    for answers in (
        {"preference": 0, "justification": "They are alike."},
        {"preference": 1, "justification": "better"},
    ):
        with pytest.raises(InvalidAnswer):
            asked.clean(answers, ABOUT)


def test_safe_rlhf_refuses_the_unsafe_one_as_the_safer():
    asked = PRESETS["safe-rlhf"].questionnaire()
    answers = {
        "preference": -1,
        "safer": 1,
        "severity": {"0": "none", "1": "minor"},
        "harms": {"1": ["insult"]},
    }

    with pytest.raises(InvalidAnswer) as refused:
        asked.clean(answers, ABOUT)

    assert refused.value.field == "safer"


def test_safe_rlhf_warns_where_the_more_severe_is_called_safer():
    asked = PRESETS["safe-rlhf"].questionnaire()
    answers = {
        "preference": -1,
        "safer": 1,
        "severity": {"0": "minor", "1": "severe"},
        "harms": {"0": ["insult"], "1": ["weapons"]},
    }

    assert len(asked.clean(answers, ABOUT).warnings) == 1


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"verdict": "why"}, "settling.verdict"),
        ({"verdict": "nothing"}, "settling.verdict"),
        ({"rules": {"preference": "mean"}}, "settling.rules.preference"),
        ({"rules": {"mood": "mean"}}, "settling.rules"),
        ({"attribute": "charm"}, "settling.attribute"),
        ({"weights": {"ethics": 1000}}, "settling.weights.ethics"),
        ({"keep": 0}, "keep"),
        ({"better": "wider"}, "settling.better"),
        ({"magic": 1}, "settling"),
    ],
)
def test_a_settle_rule_that_cannot_be_followed_is_refused(raw, field):
    with pytest.raises(InvalidSetting) as refused:
        settle_rules.parse(raw, PRESETS["strength"].questionnaire())

    assert refused.value.field == field
    assert refused.value.cure
