"""Ranking difficulty and on-policy weights: golden values, identities, and missing numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.difficulty import difficulty, ipo_turns, log_ratio, needed_dpo_loss, reach
from curation.numerics.on_policy import excess, on_policy_weight

RATIOS = st.floats(-500, 500)


@pytest.mark.parametrize(("c", "loss"), [(-10, 1.313262), (0, 0.693147), (10, 0.313262), (50, 0.006715)])
def test_the_needed_loss_of_the_published_ratios(c, loss):
    assert needed_dpo_loss(c) == pytest.approx(loss, abs=5e-7)


def test_three_people_of_four_turn_a_pair_up_to_a_ratio_of_ten_point_nine_nine():
    assert reach(0.75) == pytest.approx(10.986123, abs=5e-7)
    assert difficulty([-0.1, 0, 10.986, 10.987], share=0.75).kinds.tolist() == [
        "easy",
        "flippable",
        "flippable",
        "hard",
    ]


def test_a_unanimous_pair_has_a_reach_too():
    assert reach(1.0) == pytest.approx(math.log(999) / 0.1)
    assert difficulty([69.06, 69.08]).kinds.tolist() == ["flippable", "hard"]


def test_ipo_turns_what_lies_below_half_its_inverse_penalty():
    assert ipo_turns([4.9, 5.0], tau=0.1).tolist() == [True, False]


@given(RATIOS)
def test_the_two_directions_of_a_label_have_opposite_ratios_and_losses_that_differ_by_beta_c(c):
    forward, backward = needed_dpo_loss(c), needed_dpo_loss(-c)

    assert log_ratio(0.0, c) == -log_ratio(c, 0.0)
    assert backward - forward == pytest.approx(0.1 * c, abs=1e-9)


def test_a_missing_probability_leaves_the_others_alone():
    c = log_ratio([-1.0, np.nan, -3.0], [-2.0, -1.0, -np.inf])
    found = difficulty(c)

    assert np.isnan(c).tolist() == [False, True, True]
    assert (found.kinds.tolist(), found.accuracy) == (["easy", "", ""], 1.0)
    assert math.isnan(difficulty([np.nan]).accuracy)


def test_a_penalty_of_zero_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        needed_dpo_loss(1.0, beta=0)


@pytest.mark.parametrize("vocabulary", [2, 50_000])
def test_under_an_even_distribution_every_response_is_on_policy(vocabulary):
    p = math.log(1 / vocabulary)

    assert math.exp(excess([p] * 5, [p] * 5)) == 1.0


def test_a_surprising_response_weighs_less_and_a_pair_weighs_the_product():
    certain, doubtful = 0.0, excess([math.log(0.1)], [math.log(0.5)])

    assert on_policy_weight(certain, doubtful) == pytest.approx(0.2)
    assert on_policy_weight([doubtful, np.nan], [doubtful, 0.0]).tolist() == [
        pytest.approx(0.04),
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert math.isnan(excess([], []))


def test_tokens_need_both_numbers():
    with pytest.raises(ValueError, match="both"):
        excess([1.0], [1.0, 2.0])
