"""What counts as right, and as the same opinion, for every kind of question."""

from __future__ import annotations

import pytest

from annotate.errors import InvalidAnswer
from annotate.questions.questionnaire import PARSERS
from annotate.questions.rightness import alike, all_right, clean_right, is_right, right_of, shared_part
from annotate.questions.subject import Subject

ABOUT = Subject((0, 1, 2), {0: "one two three", 1: "four five six", 2: "seven"})
POINTS = {"attributes": [{"value": "help", "text": "Help"}, {"value": "truth", "text": "Truth"}]}
WORDS = {"options": [{"value": word, "text": word} for word in ("low", "mid", "high")]}
LABELS = {"labels": [{"value": "wrong", "text": "Wrong"}, {"value": "rude", "text": "Rude"}]}


def kind_of(kind, **options):
    return PARSERS[kind](options)


def span(start, end, label="wrong", candidate=0):
    return {"candidate": candidate, "start": start, "end": end, "label": label, "severity": None}


CASES = {
    "a preference by its side": ("preference", {}, -3, "first", True),
    "a preference for the other side": ("preference", {}, 1, "first", False),
    "a tie": ("preference", {}, "tie", "tie", True),
    "neither is no tie": ("preference", {}, "neither", "tie", False),
    "the same ranking": ("ranking", {}, [[1], [0, 2]], [[1], [0, 2]], True),
    "a tie in what is right may be broken": ("ranking", {}, [[1], [2], [0]], [[1], [0, 2]], True),
    "an order in what is right may not be tied": ("ranking", {}, [[1, 0], [2]], [[1], [0], [2]], False),
    "a ranking turned round": ("ranking", {}, [[2], [0], [1]], [[1], [0, 2]], False),
    "only what is beyond doubt is ranked": ("ranking", {}, [[2], [1], [0]], [[1], [0]], True),
    "a rating within reach": ("rating", POINTS, {"1": {"help": 4}}, {"1": {"help": [3, 5]}}, True),
    "a rating beyond it": ("rating", POINTS, {"1": {"help": 2, "truth": 1}}, {"1": {"help": [3, 5]}}, False),
    "the point itself": ("rating", POINTS, {"1": {"help": 4}}, {"1": {"help": 4}}, True),
    "what does not apply": ("rating", POINTS, {"1": {"help": None}}, {"1": {"help": None}}, True),
    "a number where nothing applies": ("rating", POINTS, {"1": {"help": 1}}, {"1": {"help": None}}, False),
    "an attribute left out": ("rating", POINTS, {"1": {"truth": 3}}, {"1": {"help": [1, 5]}}, False),
    "a rating of the item": (
        "rating", POINTS | {"per_candidate": False}, {"help": 5}, {"help": [4, 5]}, True,
    ),
    "the value": ("choice", WORDS, "mid", "mid", True),
    "another value": ("choice", WORDS, "low", "mid", False),
    "the set, in any order": ("choice", WORDS | {"multiple": True}, ["high", "low"], ["low", "high"], True),
    "a part of the set": ("choice", WORDS | {"multiple": True}, ["low"], ["low", "high"], False),
    "the side that is checked": (
        "choice", WORDS | {"per_candidate": True}, {"0": "low", "1": "high"}, {"1": "high"}, True,
    ),
    "half of the marked": ("spans", LABELS, [span(0, 4)], [span(0, 8)], True),
    "less than half of it": ("spans", LABELS, [span(0, 3)], [span(0, 8)], False),
    "another label": ("spans", LABELS, [span(0, 8, "rude")], [span(0, 8)], False),
    "nothing where nothing is": ("spans", LABELS, None, [], True),
    "something where nothing is": ("spans", LABELS, [span(0, 1)], [], False),
    "nothing where something is": ("spans", LABELS, None, [span(0, 8)], False),
    "the better one above": ("ranking", {}, [[2], [0], [1]], {"above": [0, 1]}, True),
    "the better one tied": ("ranking", {}, [[2], [0, 1]], {"above": [0, 1]}, False),
    "rated higher": ("rating", POINTS, {"0": {"help": 5}, "1": {"help": 2}}, {"above": [0, 1]}, True),
    "rated the same": ("rating", POINTS, {"0": {"help": 2}, "1": {"help": 2}}, {"above": [0, 1]}, False),
    "where lower is better": (
        "rating", POINTS, {"0": {"help": 2}, "1": {"help": 5}},
        {"above": [0, 1], "attribute": "help", "better": "lower"}, True,
    ),
    "levels too coarse to tell": (
        "choice", WORDS | {"per_candidate": True, "ordered": True}, {"0": "low", "1": "low"},
        {"above": [0, 1]}, True,
    ),
    "levels turned round": (
        "choice", WORDS | {"per_candidate": True, "ordered": True}, {"0": "low", "1": "high"},
        {"above": [0, 1]}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_right_or_not(case):
    kind, options, answer, right, expected = CASES[case]

    assert is_right(kind_of(kind, **options), answer, right) is expected


def test_every_checked_question_must_be_right_and_what_is_asked_no_more_is_left_out():
    kinds = {"better": kind_of("preference"), "harm": kind_of("choice", **WORDS)}

    assert all_right(kinds, {"better": ["first", "tie"]}, {"better": "tie"})
    assert all_right(kinds, {"better": ["neither"]}, {}) is False
    assert all_right(kinds, {"better": ["first", "tie"], "harm": ["low"]}, {"better": 0, "harm": "low"})
    assert not all_right(kinds, {"better": ["first"], "harm": ["low"]}, {"better": -1})
    assert all_right(kinds, {"better": ["first"], "old": ["x"]}, {"better": -1})
    assert all_right(kinds, {"old": ["x"]}, {"better": -1}) is None


@pytest.mark.parametrize(
    ("kind", "options", "answer", "right"),
    [
        ("preference", {}, -2, "first"),
        ("ranking", {}, [[1], [0, 2]], [[1], [0, 2]]),
        ("rating", POINTS, {"0": {"help": 5, "truth": 2}}, {"0": {"help": [4, 5], "truth": [1, 3]}}),
        ("rating", POINTS | {"na": True}, {"0": {"help": None}}, {"0": {"help": None}}),
        ("choice", WORDS, "low", "low"),
    ],
)
def test_what_is_right_is_taken_from_an_answer(kind, options, answer, right):
    assert right_of(kind_of(kind, **options), answer, tolerance=1) == right
    assert clean_right(kind_of(kind, **options), right, field="x", about=ABOUT) == right


@pytest.mark.parametrize(
    ("kind", "options", "right"),
    [
        ("preference", {}, "left"),
        ("preference", {"tie": False}, "tie"),
        ("ranking", {}, [[0]]),
        ("ranking", {}, [[0], [7]]),
        ("ranking", {}, "first"),
        ("rating", POINTS, {"0": {"help": [0, 5]}}),
        ("rating", POINTS, {"7": {"help": 3}}),
        ("rating", POINTS | {"per_candidate": False}, {"above": [0, 1]}),
        ("choice", WORDS, "huge"),
        ("choice", WORDS, {"above": [0, 1]}),
        ("spans", LABELS, [span(0, 99)]),
        ("ranking", {}, {"above": [0, 0]}),
        ("text", {}, "well written"),
    ],
)
def test_what_nobody_could_answer_is_not_right(kind, options, right):
    with pytest.raises(InvalidAnswer) as refused:
        clean_right(kind_of(kind, **options), right, field="x", about=ABOUT)
    assert refused.value.cure


@pytest.mark.parametrize(
    ("kind", "options", "one", "other", "same"),
    [
        ("preference", {}, -1, -3, True),
        ("preference", {}, -1, 1, False),
        ("ranking", {}, [[0], [1]], [[0, 1]], False),
        ("rating", POINTS, {"0": {"help": 4}}, {"0": {"help": 5}}, True),
        ("rating", POINTS, {"0": {"help": 3}}, {"0": {"help": 5}}, False),
        ("rating", POINTS | {"high": 3}, {"0": {"help": 1}}, {"0": {"help": 2}}, False),
        ("choice", WORDS | {"multiple": True}, ["low"], ["low"], True),
        ("spans", LABELS, [span(0, 6)], [span(1, 7)], True),
    ],
)
def test_the_same_opinion_twice(kind, options, one, other, same):
    assert alike(kind_of(kind, **options), one, other) is same


def test_the_shared_part_of_highlights_counts_characters_by_label():
    assert shared_part([span(0, 4)], [span(2, 6)]) == pytest.approx(2 / 6)
    assert shared_part([], []) == 1.0
    assert shared_part([span(0, 4), span(0, 4, "rude")], [span(0, 4)]) == 0.5
