from __future__ import annotations

import pytest

from annotate.templatetags.answers import in_words, settled_words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (-2, "-2"),
        ("neither", "neither"),
        ([[2], [0, 1]], "2 > 0 = 1"),
        (["a", "b"], "a, b"),
        ({"0": {"help": 4, "short": None}, "1": {"help": 0.5}}, "0: help 4, short –; 1: help 0.5"),
        ({"help": 4}, "help 4"),
        ({"0": "none", "1": ["a", "b"]}, "0: none; 1: a, b"),
        ([{"candidate": 1, "label": "odd", "start": 0, "end": 3}], "1: odd at 0 to 3"),
        (None, "–"),
        ([], "–"),
    ],
)
def test_an_answer_is_told_in_a_line(answer, words):
    assert in_words(answer) == words


def test_a_settled_preference_is_told_with_its_mean():
    assert settled_words({"kind": "preference", "verdict": "first", "preference": -0.5}) == "first, -0.50"
    assert settled_words({"kind": "preference", "verdict": "neither", "preference": None}) == "neither"
    assert settled_words({"kind": "ranking", "value": [[1], [0]]}) == "1 > 0"
    assert settled_words({"kind": "text"}) == "–"
