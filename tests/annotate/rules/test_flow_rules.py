from __future__ import annotations

from collections import Counter

import pytest

from annotate.rules.flow import FlowRules, RuleError
from annotate.rules.turns import draw, holds_back, turn_kind


def test_rules_are_read_back_as_they_were():
    rules = FlowRules(gold_percent=5, pass_mark=80, stop="spread", suggestions=True)

    assert FlowRules.read(rules.as_dict()) == rules
    assert FlowRules.read({}) == FlowRules()


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"gold_percent": 51}, "gold_percent"),
        ({"gold_percent": 30, "trap_percent": 30}, "gold_percent"),
        ({"repeat_percent": True}, "repeat_percent"),
        ({"pass_mark": 0}, "pass_mark"),
        ({"stop": "soon"}, "stop"),
        ({"sure_at": 100}, "sure_at"),
        ({"most_spread": -1}, "most_spread"),
        ({"suggestions": 1}, "suggestions"),
        ({"sugestions": True}, "sugestions"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_by_name(stored, field):
    with pytest.raises(RuleError) as refusal:
        FlowRules.read(stored)

    assert refusal.value.field == field
    assert refusal.value.cure


def test_turns_are_drawn_in_the_shares_asked_for():
    rules = FlowRules(gold_percent=10, repeat_percent=5, trap_percent=3)

    counts = Counter(turn_kind(rules, seed=1, judge_key="a", turn=turn) for turn in range(20_000))

    assert 1800 < counts["gold"] < 2200
    assert 880 < counts["repeat"] < 1120
    assert 500 < counts["trap"] < 700


def test_a_turn_is_the_same_when_drawn_again_and_another_for_another_judge():
    rules = FlowRules(gold_percent=50)
    first, again, other = (
        [turn_kind(rules, seed=1, judge_key=name, turn=turn) for turn in range(64)]
        for name in ("a", "a", "b")
    )

    assert first == again
    assert first != other


def test_the_draw_is_what_it_was_in_every_version():
    assert draw(7, "turn", "person-1", 0) == 0.147732382129794


def test_suggestions_are_held_back_for_the_share_asked_for():
    rules = FlowRules(suggestion_holdout=20)
    held = sum(holds_back(rules, seed=3, judge_key="a", item_key=str(n)) for n in range(10_000))

    assert 1850 < held < 2150
