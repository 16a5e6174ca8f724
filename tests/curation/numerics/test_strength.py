"""Preference strength: the published row, and what cross-fitting must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.differences import pair_differences
from curation.numerics.folds import draw_folds
from curation.numerics.strength import (
    TooFewPairs,
    calibrate,
    cross_fit,
    rank_bins,
    strength_of,
    strength_of_lists,
    to_one_scale,
)

REJECTED = """
    3.546875 0.9921875 2.125 -0.330078125 1.171875 1.2578125 1.078125 1.0546875 3.546875 2.265625
"""
CHOSEN = """
    3.71875 0.58984375 3.390625 0.006805419921875 -0.6953125 1.0390625 1.4140625 0.8359375 3.078125 2
"""


def planted(n=2000, d=12, *, flipped=0.18, seed=0):
    """Pairs whose labels follow a direction, a share of them turned round; two pairs per prompt."""
    draw = np.random.default_rng(seed)
    features = draw.standard_normal((n, d)).astype(np.float32)
    logit = 2 * features @ draw.standard_normal(d)
    features *= np.where(draw.random(n) < 1 / (1 + np.exp(-logit)), 1, -1)[:, None].astype(np.float32)
    wrong = draw.random(n) < flipped
    features[wrong] *= -1
    return features, [f"prompt {place // 2}" for place in range(n)], wrong


def test_the_published_row_has_its_mean_and_population_spread():
    found = strength_of_lists(*([[float(one) for one in side.split()]] for side in (CHOSEN, REJECTED)))

    assert found.mean[0] == pytest.approx(-0.1331085205, abs=1e-10)
    assert found.spread[0] == pytest.approx(0.7559609369, abs=1e-10)
    assert (found.votes[0], bool(found.flips[0])) == (10, False)


def test_a_flip_needs_a_negative_mean_and_two_spreads_of_room():
    found = strength_of([[-1.0, -1.2], [-1.0, 0.2], [1.0, 1.0]])

    assert found.flips.tolist() == [True, False, False]


def test_a_vote_that_was_not_given_is_left_out_of_mean_and_spread():
    found = strength_of([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])

    assert (found.mean[0], found.spread[0], found.votes.tolist()) == (2.0, 1.0, [2, 0])
    assert np.isnan([found.mean[1], found.spread[1], found.margin[1]]).all()
    assert found.bins.tolist() == [2, -1]


def test_planted_flips_lie_low_and_fewer_in_every_decile():
    features, groups, wrong = planted(6000)

    found = cross_fit(features, groups)

    deciles = [wrong[part].mean() for part in np.array_split(np.argsort(found.strength.mean), 10)]
    assert all(low >= high - 0.02 for low, high in zip(deciles, deciles[1:], strict=False))
    assert (deciles[0] > 0.5, deciles[-1] < 0.05) == (True, True)


def test_every_pair_has_ten_votes_and_no_head_scored_what_it_learnt_from():
    features, groups, _wrong = planted(400)

    found = cross_fit(features, groups)

    masks, sides = found.folds.masks(), found.folds.sides
    assert (found.strength.votes == 10).all()
    for split in range(10):
        scored_by_even = sides[:, split] == 0
        assert masks[scored_by_even, 2 * split].sum() == 0
        assert masks[~scored_by_even, 2 * split + 1].sum() == 0


def test_a_pair_turned_round_outside_training_turns_its_strength_exactly():
    features, groups, _wrong = planted(400)
    turned = features.copy()
    skip = np.arange(400) >= 398

    from curation.numerics.logistic import solve_heads
    from curation.numerics.strength import votes_outside

    folds = draw_folds(groups)
    heads = solve_heads(features, ridge=1e-2, weights=folds.masks(), skip=skip)
    turned[398:] *= -1

    assert (votes_outside(turned, heads, folds)[398:] == -votes_outside(features, heads, folds)[398:]).all()


def test_all_pairs_turned_round_turn_the_differences_of_the_same_heads():
    features, groups, _wrong = planted(400)

    from curation.numerics.logistic import solve_heads
    from curation.numerics.strength import votes_outside

    folds = draw_folds(groups)
    heads = solve_heads(features, ridge=1e-2, weights=folds.masks())

    one, other = (votes_outside(rows, heads, folds) for rows in (features, -features))
    assert (one == -other).all()


def test_the_order_of_the_rows_does_not_matter():
    features, groups, _wrong = planted(600)
    order = np.random.default_rng(1).permutation(600)

    straight = cross_fit(features, groups, ridges=[1e-2])
    mixed = cross_fit(features[order], [groups[place] for place in order], ridges=[1e-2])

    np.testing.assert_array_equal(mixed.folds.sides, straight.folds.sides[order])
    np.testing.assert_allclose(mixed.strength.mean, straight.strength.mean[order], atol=2e-3)


def test_identical_sides_get_zero_and_teach_nothing():
    features, groups, _wrong = planted(400)
    features[7] = 0

    found = cross_fit(features, groups)

    assert (found.strength.mean[7], found.strength.spread[7], bool(found.identical[7])) == (0.0, 0.0, True)


def test_a_vector_that_is_no_number_is_dropped_and_the_rest_is_as_without_it():
    features, groups, _wrong = planted(400)
    broken = features.copy()
    broken[7] = np.nan
    features[7] = 0

    found, clean = cross_fit(broken, groups), cross_fit(features, groups)

    assert np.isnan(found.strength.mean[7])
    assert found.missing[7]
    assert found.strength.votes[7] == 0
    # The solver stops within its tolerance, and sums in another order with one row fewer.
    others = np.delete(clean.strength.mean, 7)
    np.testing.assert_allclose(np.delete(found.strength.mean, 7), others, rtol=1e-2, atol=1e-2)
    assert np.isnan(broken[7]).all()


@pytest.mark.parametrize(("n", "prompts"), [(199, 199), (400, 19)])
def test_too_few_pairs_or_prompts_are_refused_with_the_counts(n, prompts):
    features, _groups, _wrong = planted(n)

    with pytest.raises(TooFewPairs, match="200 pairs of 20 different prompts; there are"):
        cross_fit(features, [str(place % prompts) for place in range(n)])


def test_one_pair_under_two_prompts_stays_in_one_half():
    groups = [str(place) for place in range(40)]
    responses = [(f"a{place}", f"b{place}") for place in range(40)]
    responses[39] = ("b0", "other")

    folds = draw_folds(groups, responses=responses)

    assert (folds.sides[0] == folds.sides[39]).all()
    assert (folds.n_units, folds.split_inside) == (39, False)


def test_a_response_that_links_most_prompts_splits_by_prompt_instead():
    groups = [str(place // 2) for place in range(40)]

    folds = draw_folds(groups, responses=[("I cannot help.", f"b{place}") for place in range(40)])

    assert folds.split_inside
    assert folds.n_units == 20
    assert (folds.sides[0::2] == folds.sides[1::2]).all()


def test_a_prompt_with_most_of_the_rows_is_split_inside_and_the_halves_are_even():
    groups = ["big"] * 60 + [str(place) for place in range(40)]

    folds = draw_folds(groups, responses=[(f"a{place}", f"b{place}") for place in range(100)])

    assert folds.split_inside
    assert folds.n_units == 100
    assert np.abs(folds.sides.sum(axis=0).astype(int) - 50).max() <= 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=120), st.integers(0, 5))
def test_halves_follow_names_and_not_places(names, seed):
    groups = [str(name) for name in names]
    order = np.random.default_rng(seed).permutation(len(groups))
    responses = [(f"{place}a", f"{place}b") for place in range(len(groups))]

    straight = draw_folds(groups, responses=responses, seed=seed)
    mixed = draw_folds(
        [groups[place] for place in order], responses=[responses[place] for place in order], seed=seed
    )

    np.testing.assert_array_equal(mixed.sides, straight.sides[order])


def test_the_temperature_makes_the_mean_probability_right():
    draw = np.random.default_rng(3)
    truth = draw.normal(1, 2, 20_000)
    turned = np.where(draw.random(20_000) < 1 / (1 + np.exp(-truth)), truth, -truth)

    assert calibrate(turned / 5) == pytest.approx(5, rel=0.05)


def test_bins_go_by_rank_and_equal_strengths_share_one():
    assert rank_bins(np.arange(10)).tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 2, 3]
    assert rank_bins([1.0, 1.0, np.nan, 1.0]).tolist() == [2, 2, -1, 2]


def test_differences_turn_with_the_sides_and_an_empty_response_leaves_only_length():
    vectors = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    one = pair_differences(vectors, prompts=[0, 0], chosen=[1, 1], rejected=[2, 3], words=[[3, 1], [3, 0]])
    other = pair_differences(vectors, prompts=[0, 0], chosen=[2, 3], rejected=[1, 1], words=[[1, 3], [0, 3]])

    assert one.shape == (2, 7)
    assert (one == -other).all()
    assert one[1].tolist() == [0, 0, 0, 0, 0, 0, pytest.approx(np.log(4))]
    np.testing.assert_allclose(one[0, 3:6], (vectors[1] - vectors[2]) * vectors[0] * np.sqrt(3), rtol=1e-6)


def few_pairs_of_many_features(n=300, noise=400, seed=4):
    """One column tells the label with a chance of about 0.76; hundreds of others tell nothing."""
    draw = np.random.default_rng(seed)
    telling = draw.standard_normal(n)
    sign = np.where(draw.random(n) < 1 / (1 + np.exp(-2.5 * telling)), 1, -1)
    columns = np.column_stack([draw.standard_normal((n, noise)), telling]).astype(np.float32)
    return columns * sign[:, None], [str(place) for place in range(n)]


def test_few_pairs_of_many_features_get_a_penalty_that_does_no_harm():
    features, groups = few_pairs_of_many_features()

    assert cross_fit(features, groups).log_loss < np.log(2) + 0.01
    assert cross_fit(features, groups, ridges=[1e-1]).log_loss > np.log(2) + 0.05


def test_a_column_that_tells_much_is_not_drowned_by_many_that_tell_nothing():
    features, groups = few_pairs_of_many_features()

    plain, light = cross_fit(features, groups), cross_fit(features, groups, light=(-1,))

    assert light.accuracy > plain.accuracy + 0.05
    assert light.accuracy > 0.7


def test_one_scale_divides_each_list_by_its_own_size_and_keeps_signs_and_gaps():
    found = to_one_scale([[1.0, 300.0, 0.0], [-1.0, np.nan, 0.0]])

    assert found.tolist()[0] == [1.0, 1.0, 0.0]
    assert found[1, 0] == -1.0
    assert np.isnan(found[1, 1])
