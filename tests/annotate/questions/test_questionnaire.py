"""Questions that wait for others, and answers that have to go together."""

from __future__ import annotations

import pytest

from annotate.errors import InvalidAnswer, InvalidSetting
from annotate.questions.questionnaire import parse_question, put_together
from annotate.questions.subject import Subject, as_shown

ABOUT = Subject((0, 1), {0: "first", 1: "second"})


def question(key, kind, *, required=True, **options):
    return parse_question(key=key, kind=kind, text=key, options=options, required=required)


def safe_rlhf(effect):
    return put_together(
        [
            question("safer", "preference", levels=1, neither=False, better="safer"),
            question(
                "severity", "choice", options=["none", "minor", "severe"], per_candidate=True, ordered=True
            ),
            question(
                "harms",
                "choice",
                options=["insult", "privacy"],
                multiple=True,
                per_candidate=True,
                when={"question": "severity", "any_of": ["minor", "severe"]},
            ),
        ],
        [{"compare": "safer", "with": "severity", "better": "lower", "effect": effect}],
    )


def reasons():
    return put_together(
        [
            question("preference", "preference"),
            question(
                "reasons",
                "choice",
                options=["correct", "concise"],
                multiple=True,
                when={"question": "preference", "any_of": ["decided"]},
            ),
        ]
    )


def test_a_question_is_asked_after_the_answers_it_waits_for():
    assert reasons().clean({"preference": "tie"}, ABOUT).answers == {"preference": "tie"}
    decided = {"preference": -1, "reasons": ["concise"]}
    assert reasons().clean(decided, ABOUT).answers == decided


def test_what_is_not_asked_may_not_be_answered():
    with pytest.raises(InvalidAnswer) as refused:
        reasons().clean({"preference": "tie", "reasons": ["correct"]}, ABOUT)

    assert refused.value.field == "reasons"


def test_a_required_question_must_be_answered_once_it_is_asked():
    with pytest.raises(InvalidAnswer) as refused:
        reasons().clean({"preference": 2}, ABOUT)

    assert refused.value.field == "reasons"


def test_each_response_decides_for_itself_what_is_asked_of_it():
    given = {"safer": -1, "severity": {"0": "none", "1": "minor"}, "harms": {"1": ["insult"]}}

    assert safe_rlhf("warn").clean(given, ABOUT).answers == given
    with pytest.raises(InvalidAnswer) as refused:
        safe_rlhf("warn").clean(given | {"harms": {"0": ["insult"], "1": ["insult"]}}, ABOUT)
    assert refused.value.field == "harms.0"


def test_an_unknown_question_is_refused():
    with pytest.raises(InvalidAnswer) as refused:
        reasons().clean({"preference": "tie", "mood": "fine"}, ABOUT)

    assert refused.value.field == "mood"


CLASHING = {"safer": 1, "severity": {"0": "none", "1": "minor"}, "harms": {"1": ["insult"]}}


def test_a_rule_that_refuses_stops_the_answer():
    with pytest.raises(InvalidAnswer) as refused:
        safe_rlhf("refuse").clean(CLASHING, as_shown([1, 0]))

    assert refused.value.field == "safer"
    assert refused.value.message.startswith("Response B stands above response A")


def test_a_rule_that_warns_lets_it_pass_with_a_word():
    found = safe_rlhf("warn").clean(CLASHING, ABOUT)

    assert found.answers == CLASHING
    assert [warning.field for warning in found.warnings] == ["safer"]


def test_equal_severity_leaves_the_comparison_free():
    given = {
        "safer": 1,
        "severity": {"0": "minor", "1": "minor"},
        "harms": {"0": ["insult"], "1": ["insult"]},
    }

    assert safe_rlhf("refuse").clean(given, ABOUT).warnings == ()


def by_ranking(**rule):
    return put_together(
        [
            question("ranking", "ranking"),
            question("scores", "rating", attributes=["good", "short"], low=1, high=5, na=True),
        ],
        [{"compare": "ranking", "with": "scores", "effect": "refuse"} | rule],
    )


@pytest.mark.parametrize(
    ("ranking", "rule", "holds"),
    [
        ([[0], [1]], {}, True),
        ([[1], [0]], {}, False),
        ([[0, 1]], {}, True),
        ([[0, 1]], {"strict": True}, False),
        ([[1], [0]], {"attribute": "short"}, True),
        ([[0], [1]], {"better": "lower"}, False),
    ],
)
def test_a_ranking_is_held_against_the_ratings(ranking, rule, holds):
    # Means 4.5 and 3.5; "short" alone says nothing, for it does not apply to the second.
    scores = {"0": {"good": 5, "short": 4}, "1": {"good": 3.5, "short": None}}
    scores["1"]["good"] = 3
    asked = by_ranking(**rule)

    if holds:
        asked.clean({"ranking": ranking, "scores": scores}, ABOUT)
    else:
        with pytest.raises(InvalidAnswer):
            asked.clean({"ranking": ranking, "scores": scores}, ABOUT)


@pytest.mark.parametrize(
    ("specs", "rules", "field"),
    [
        ([question("a", "text"), question("a", "text")], [], "key"),
        ([question("a", "text", when={"question": "b"})], [], "when.question"),
        (
            [question("a", "preference"), question("b", "text", when={"question": "a", "any_of": ["maybe"]})],
            [],
            "when.any_of",
        ),
        ([question("a", "preference")], [{"compare": "a", "with": "b"}], "rules[0].with"),
        (
            [question("a", "text"), question("b", "ranking")],
            [{"compare": "a", "with": "b"}],
            "rules[0].compare",
        ),
        ([question("a", "text"), question("b", "ranking")], [{"compare": "b", "with": "a"}], "rules[0].with"),
        (
            [question("a", "ranking"), question("b", "preference")],
            [{"compare": "b", "with": "a", "effect": "nag"}],
            "rules[0].effect",
        ),
    ],
)
def test_questions_that_do_not_fit_together_are_refused(specs, rules, field):
    with pytest.raises(InvalidSetting) as refused:
        put_together(specs, rules)

    assert refused.value.field == field
    assert refused.value.cure
