"""A judge beside its people: known worlds, mirror images, and the figures people will read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from curation.numerics.calibration import (
    JudgedPairs,
    apply_calibration,
    calibrate,
    fit_logistic,
    majority,
    tie_band_for,
)
from curation.numerics.drift import watch_drift
from curation.numerics.principles import dominant_principle, principle_score
from curation.numerics.winrates import win_rates


def world(n=4000, *, seed=0, judge_scale=1.0, length=0.0, people=3, tie=0.1):
    """People choose by a taste; the judge sees it too, on another scale and with a liking for length."""
    rng = np.random.default_rng(seed)
    taste, gap = rng.normal(size=n), rng.normal(size=n) * 100
    votes = np.zeros((n, 3), dtype=np.int64)
    for _ in range(people):
        side = np.where(rng.random(n) < 1 / (1 + np.exp(-taste)), 0, 2)
        votes[np.arange(n), np.where(rng.random(n) < tie, 1, side)] += 1
    logit = judge_scale * taste + length * np.tanh(gap / 100)
    bias = rng.normal(0.4, 0.1, n)
    return JudgedPairs(
        p_first=1 / (1 + np.exp(-logit)),
        bias=bias,
        flipped=np.abs(bias) > np.abs(logit),
        length_gap=gap,
        groups=np.arange(n) // 2,
        votes=votes,
    )


def mirrored(pairs):
    return JudgedPairs(
        1 - pairs.p_first, pairs.bias, pairs.flipped, -pairs.length_gap, pairs.groups, pairs.votes[:, ::-1]
    )


def test_a_majority_is_a_side_a_tie_or_nothing():
    votes = np.array([[2, 0, 1], [0, 2, 1], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 0, 0]])

    assert majority(votes).tolist() == pytest.approx([1, 0, -1, np.nan, np.nan, np.nan], nan_ok=True)


def test_an_overconfident_judge_that_likes_length_is_set_right():
    pairs = world(8000, judge_scale=3.0, length=2.0, people=1, tie=0.0)

    found = calibrate(pairs, n_boot=200)

    # One person's side is Bernoulli of the taste: a third of the judge's logit, less two thirds of tanh.
    sd = found.length_sd
    assert found.weights[0] == pytest.approx(1 / 3, abs=0.03)
    assert found.weights[1] == pytest.approx(-2 / 3, abs=0.12)
    assert sd == pytest.approx(100, rel=0.05)
    assert found.figures["ece"].value < 0.03
    assert found.figures["brier"].low < found.figures["brier"].value < found.figures["brier"].high
    assert apply_calibration(np.array([0.5]), np.array([0.0]), found)[0] == 0.5
    assert found.figures["length_bias"].low > 0


def test_the_logistic_fit_is_the_one_of_scikit_learn():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 2))
    y = (rng.random(500) < 1 / (1 + np.exp(-x @ [1.5, -0.7]))).astype(float)

    theirs = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10).fit(x, y).coef_[0]

    assert fit_logistic(x, y, ridge=1.0) == pytest.approx(theirs, abs=1e-5)


def test_figures_are_those_worked_by_hand():
    pairs = JudgedPairs(
        p_first=np.array([0.9, 0.9, 0.2, 0.5, 0.7]),
        bias=np.array([1.0, 0.0, 0.0, 2.0, 2.0]),
        flipped=np.array([False, False, True, True, False]),
        length_gap=np.array([5.0, -5.0, 5.0, 1.0, 0.0]),
        groups=np.arange(5),
        votes=np.array([[3, 0, 0], [0, 0, 3], [0, 1, 2], [0, 2, 1], [1, 0, 1]]),
    )

    figures = calibrate(pairs, n_boot=50, tie_band=0.05).figures

    assert figures["accuracy"].value == 0.75  # right, wrong, right, right; the last has no majority
    assert figures["accuracy_no_ties"].value == pytest.approx(2 / 3)
    assert figures["flip_rate"].value == 0.4
    assert figures["position_bias"].value == 1.0
    # Of three pairs where both name a side, people take the longer twice, the judge once.
    assert figures["length_bias"].value == pytest.approx(-1 / 3)
    # Votes against the judge: 3 of 3, 0 of 3, 2 of 3, 2 of 3, 1 of 2.
    assert figures["agreement"].value == pytest.approx(8 / 14)
    # Pairs of votes: 3 of 3, 3 of 3, 1 of 3, 1 of 3, 0 of 1.
    assert figures["human_agreement"].value == pytest.approx(8 / 13)
    assert figures["human_agreement_no_ties"].value == pytest.approx(7 / 8)
    assert figures["kappa"].value == pytest.approx(
        cohen_kappa_score(["first", "second", "second", "tie"], ["first", "first", "second", "tie"])
    )
    assert figures["kappa_no_ties"].value == pytest.approx(cohen_kappa_score([1, 0, 0], [1, 1, 0]))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16))
def test_exchanging_candidates_changes_no_figure(seed):
    pairs = world(200, seed=seed)

    one, other = calibrate(pairs, n_boot=0), calibrate(mirrored(pairs), n_boot=0)

    for name, figure in one.figures.items():
        assert other.figures[name].value == pytest.approx(figure.value, abs=1e-9, nan_ok=True), name
    assert other.weights == pytest.approx(one.weights, abs=1e-8)
    assert other.calibrated == pytest.approx(1 - one.calibrated, abs=1e-9)


def test_the_judge_ties_as_often_as_its_people():
    pairs = world(3000, tie=0.4)

    found = calibrate(pairs, n_boot=0)
    known = ~np.isnan(majority(pairs.votes))

    assert found.tie_rate > 0.2
    assert np.mean(np.abs(pairs.p_first[known] - 0.5) < found.tie_band) == pytest.approx(
        found.tie_rate, abs=1 / known.sum()
    )
    assert tie_band_for(pairs.p_first, 0.0) == 0
    assert np.all(np.abs(pairs.p_first - 0.5) < tie_band_for(pairs.p_first, 1.0))


def test_no_pair_is_calibrated_by_a_fit_that_saw_its_prompt():
    pairs = world(400, people=1, tie=0.0)
    found = calibrate(pairs, n_boot=0)
    turned = pairs.votes.copy()
    turned[0] = turned[1] = [0, 0, 1] if pairs.votes[0][0] else [1, 0, 0]

    other = calibrate(
        JudgedPairs(pairs.p_first, pairs.bias, pairs.flipped, pairs.length_gap, pairs.groups, turned),
        n_boot=0,
    )

    assert other.calibrated[:2] == pytest.approx(found.calibrated[:2], abs=1e-12)
    assert not np.allclose(other.calibrated[2:], found.calibrated[2:], atol=1e-12)


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    truth = calibrate(world(60_000, seed=999), n_boot=0).figures["accuracy"].value
    covered = [
        figure.low <= truth <= figure.high
        for figure in (calibrate(world(300, seed=seed), n_boot=200).figures["accuracy"] for seed in range(60))
    ]

    assert 0.85 <= np.mean(covered) <= 1.0


def test_calibration_needs_people_and_whole_columns():
    pairs = world(10)
    with pytest.raises(ValueError, match="people"):
        calibrate(
            JudgedPairs(
                pairs.p_first,
                pairs.bias,
                pairs.flipped,
                pairs.length_gap,
                pairs.groups,
                np.zeros_like(pairs.votes),
            )
        )
    with pytest.raises(ValueError, match="one row"):
        JudgedPairs(pairs.p_first[:3], pairs.bias, pairs.flipped, pairs.length_gap, pairs.groups, pairs.votes)
    with pytest.raises(ValueError, match="probabilities"):
        JudgedPairs(pairs.p_first * 2, pairs.bias, pairs.flipped, pairs.length_gap, pairs.groups, pairs.votes)


def test_a_principle_whose_orders_disagree_has_no_say():
    assert principle_score(2, 1) == 1.5
    assert principle_score(2, -1) == 0
    assert principle_score(-2, -1) == -1.5


def test_the_dominant_principle_is_the_one_that_is_rarely_so_sure():
    found = dominant_principle([2, -1.5], [4, 1])

    assert (found.place, found.scores) == (1, (0.5, -1.5))
    assert dominant_principle([2, -1.5], [4, 1], [False, True]).scores == (0.5, 1.5)
    with pytest.raises(ValueError, match="variance"):
        dominant_principle([1.0], [0.0])


def test_a_model_that_wins_by_length_alone_wins_no_more_without_it():
    rng = np.random.default_rng(5)
    n = 2000
    gap = rng.normal(100, 60, n)
    p = (rng.random(n) < 1 / (1 + np.exp(-2 * np.tanh(gap / 116)))).astype(float)

    long, short = win_rates(["long"] * n, ["short"] * n, p, gap)

    assert {long.model, short.model} == {"long", "short"}
    wordy = long if long.model == "long" else short
    assert wordy.raw > 0.7
    assert wordy.controlled == pytest.approx(0.5, abs=0.06)
    assert wordy.suspect


def test_win_rates_of_equal_lengths_are_left_as_they_are():
    p = np.array([0.9] * 30 + [0.1] * 10 + [0.5] * 10)

    better, worse = win_rates(["a"] * 50, ["b"] * 50, p, np.zeros(50))

    assert (better.model, better.raw, better.n, better.suspect) == ("a", 0.7, 50, False)
    assert better.controlled == pytest.approx(0.7, abs=0.01)
    assert worse.raw == pytest.approx(0.3)
    assert win_rates(["a"], ["a"], np.array([0.5]), np.array([0.0])) == []


def test_a_judge_that_went_wrong_has_drifted_and_one_that_did_not_has_not():
    rng = np.random.default_rng(2)
    agrees = (rng.random(300) < 0.8).astype(float)
    worse = np.concatenate([agrees[:250], (rng.random(50) < 0.4).astype(float)])
    times, sure = np.arange(300.0), np.ones(300)

    assert not watch_drift(times, agrees, sure).drifted
    found = watch_drift(times, worse, sure)
    assert found.drifted
    assert found.low <= found.change <= found.high < 0
    assert [window.n for window in found.windows] == [50] * 6


def changes(seed):
    """Later, hard items (where the judge errs) always reach people, easy ones one time in ten: the change as
    it is seen with the right weights, and with none."""
    rng = np.random.default_rng(seed)
    n = 6000
    hard, early = rng.random(n) < 0.3, np.arange(n) < n / 2
    chance = np.where(early, 1.0, np.where(hard, 1.0, 0.1))
    asked = rng.random(n) < chance
    agrees = (rng.random(n) < np.where(hard, 0.5, 0.9)).astype(float)
    rows = np.flatnonzero(asked)
    window = int((rows >= n / 2).sum())
    given = (rows.astype(float), agrees[rows])
    weighted = watch_drift(*given, chance[rows], window=window, n_boot=100)
    plain = watch_drift(*given, np.ones(len(rows)), window=window, n_boot=100)
    return weighted.change, plain.change


def test_hard_items_sent_to_people_are_no_drift():
    found = np.array([changes(seed) for seed in range(30)])

    assert found[:, 0].mean() == pytest.approx(0, abs=0.012)
    assert found[:, 1].mean() < -0.15


def test_every_row_needs_a_chance_to_have_been_seen_by_a_person():
    with pytest.raises(ValueError, match="probability"):
        watch_drift(np.zeros(1), np.zeros(1), np.zeros(1))
