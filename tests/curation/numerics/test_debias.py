"""Position debiasing of a judge asked in both orders."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.judging import CLIP, debias, preference_from


def sigmoid(x):
    return 1 / (1 + exp(-x))


def test_debias_of_the_golden_case_removes_the_bias_exactly():
    shown_first, shown_second = sigmoid(1 + 2), sigmoid(-1 + 2)

    found = debias(shown_first, shown_second)

    assert (round(shown_first, 6), round(shown_second, 6)) == (0.952574, 0.731059)
    assert found.p_first == pytest.approx(0.731059, abs=5e-7)
    assert found.bias == pytest.approx(2.0)
    assert found.flipped is True


@settings(max_examples=25, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4))
def test_debias_gives_the_taste_back_whatever_the_bias(taste, bias):
    found = debias(sigmoid(taste + bias), sigmoid(-taste + bias))

    assert found.p_first == pytest.approx(sigmoid(taste), abs=1e-9)
    assert found.bias == pytest.approx(bias, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_debias_of_swapped_candidates_is_the_mirror_image(p_ab, p_ba):
    one, other = debias(p_ab, p_ba), debias(p_ba, p_ab)

    assert one.p_first + other.p_first == pytest.approx(1.0)
    assert (one.bias, one.flipped) == (pytest.approx(other.bias), other.flipped)


def test_debias_of_a_judge_that_always_takes_the_first_shown_is_a_toss():
    found = debias(1.0, 1.0)

    assert found.p_first == 0.5
    assert found.bias == pytest.approx(log((1 - CLIP) / CLIP))
    assert found.flipped is True


def test_debias_of_a_certain_judge_stays_finite():
    found = debias(1.0, 0.0)

    assert found.p_first == pytest.approx(1 - CLIP)
    assert found.flipped is False


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan"), float("inf")])
def test_debias_refuses_what_is_no_probability(probability):
    with pytest.raises(ValueError, match="probability"):
        debias(probability, 0.5)


@pytest.mark.parametrize(
    ("p_first", "preference"),
    [
        (0.5, "tie"),
        (0.549, "tie"),
        (0.55, -1),
        (0.699, -1),
        (0.7, -2),
        (0.899, -2),
        (0.9, -3),
        (1.0, -3),
        (0.45, 1),
        (0.3, 2),
        (0.1, 3),
        (0.0, 3),
    ],
)
def test_preference_grows_at_the_cut_points(p_first, preference):
    assert preference_from(p_first) == preference


def test_preference_with_a_wider_band_ties_more_often():
    assert preference_from(0.6, tie_band=0.2) == "tie"
    assert preference_from(0.500001, tie_band=0.0) == -1
    assert preference_from(0.5, tie_band=0.0) == "tie"


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1))
def test_preference_of_swapped_candidates_changes_its_sign_alone(p_first):
    one, other = preference_from(p_first), preference_from(1 - p_first)

    assert one == other == "tie" or one == -other
