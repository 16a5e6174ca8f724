from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import InvalidAnswer
from annotate.models import Question
from annotate.services.answers import clean_answers
from annotate.services.orientation import answers_as_stored, flip_preference

QUESTIONS = [
    Question(key="preference", kind="preference", text="Which?", options={"tie": True, "neither": True}),
    Question(key="justification", kind="text", text="Why?", required=False, options={"max_length": 5}),
]


@pytest.mark.parametrize("given", [-3, -2, -1, 1, 2, 3, "tie", "neither"])
def test_a_preference_is_stored_as_it_is(given):
    assert clean_answers(questions=QUESTIONS, answers={"preference": given}) == {"preference": given}


def test_zero_is_a_tie():
    assert clean_answers(questions=QUESTIONS, answers={"preference": 0}) == {"preference": "tie"}


@pytest.mark.parametrize("given", [4, -4, 1.0, True, False, "1", "Tie", [1], {"a": 1}, 10**30, None, ""])
def test_what_is_no_preference_is_refused(given):
    with pytest.raises(InvalidAnswer) as refusal:
        clean_answers(questions=QUESTIONS, answers={"preference": given})

    assert refusal.value.field == "preference"
    assert refusal.value.cure


@pytest.mark.parametrize("given", ["tie", 0, "neither"])
def test_a_project_may_do_without_ties_and_neither(given):
    strict = [
        Question(key="preference", kind="preference", text="?", options={"tie": False, "neither": False})
    ]

    with pytest.raises(InvalidAnswer):
        clean_answers(questions=strict, answers={"preference": given})


@pytest.mark.parametrize("given", ["too long", "nul\x00", "\ud800", 5])
def test_text_that_cannot_be_kept_is_refused(given):
    with pytest.raises(InvalidAnswer) as refusal:
        clean_answers(questions=QUESTIONS, answers={"preference": 1, "justification": given})

    assert refusal.value.field == "justification"


def test_an_unknown_question_is_refused():
    with pytest.raises(InvalidAnswer) as refusal:
        clean_answers(questions=QUESTIONS, answers={"preference": 1, "mood": "fine"})

    assert refusal.value.field == "mood"


@given(st.one_of(st.integers(-3, 3), st.sampled_from(["tie", "neither"])), st.permutations([0, 1]))
def test_turning_a_preference_twice_changes_nothing(preference, order):
    turned = flip_preference(preference, order=order)

    assert flip_preference(turned, order=order) == preference


def test_a_preference_for_the_side_shown_first_is_stored_for_that_candidate():
    shown = {"preference": -2, "justification": "short"}

    assert answers_as_stored(shown, order=[0, 1]) == {"preference": -2, "justification": "short"}
    assert answers_as_stored(shown, order=[1, 0]) == {"preference": 2, "justification": "short"}
