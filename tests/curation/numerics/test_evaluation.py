from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.evaluation import TooLittle, evaluate_sets
from curation.numerics.reward_heads import Labels, fit_head, whitened


def world(pairs: int = 600, width: int = 8, noise: float = 0.0, seed: int = 0):
    """Pairs whose truth is a direction, and labels of which a share is turned round."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(pairs, width)).astype(np.float32)
    truth = np.where(features @ draw.normal(size=width) > 0, 1, -1).astype(np.int8)
    turned = draw.random(pairs) < noise
    groups = [f"prompt {number // 2}" for number in range(pairs)]
    return features, truth, np.where(turned, -truth, truth).astype(np.int8), turned, groups


def test_clean_labels_beat_noisy_ones_and_the_interval_says_so():
    features, truth, noisy, turned, groups = world(noise=0.35)
    sets = {"raw": Labels.plain(noisy), "cleaned": Labels.plain(np.where(turned, 0, noisy))}

    found = evaluate_sets(features, truth, groups, sets, seeds=2)

    raw, cleaned = found.sets
    assert (found.tested, found.prompts) == (600, 300)
    assert cleaned.rows == 600 - int(turned.sum())
    assert cleaned.accuracy.value > raw.accuracy.value
    assert cleaned.against.low > 0
    assert (raw.against.value, raw.against.low, raw.against.high) == (0, 0, 0)


def test_a_step_that_changes_nothing_is_no_better():
    features, truth, noisy, _turned, groups = world(noise=0.2, pairs=200)
    sets = {"raw": Labels.plain(noisy), "same": Labels.plain(noisy)}

    _raw, same = evaluate_sets(features, truth, groups, sets, seeds=1).sets

    assert (same.against.low, same.against.high) == (0, 0)


def test_a_treatment_that_learns_sees_the_training_rows_of_each_fold_and_no_tested_one():
    features, truth, noisy, _turned, groups = world(noise=0.2, pairs=200)
    asked = []

    def learnt(rows):
        asked.append(set(rows.tolist()))
        return Labels.plain(np.where(np.isin(np.arange(200), rows), noisy, -truth).astype(np.int8))

    raw, same = evaluate_sets(
        features, truth, groups, {"raw": Labels.plain(noisy), "learnt": learnt}, seeds=1, fractions=(1.0,)
    ).sets

    # Once over everything, to count; then a fold each, which together leave every pair out once.
    assert asked[0] == set(range(200))
    left_out = [set(range(200)) - rows for rows in asked[1:]]
    assert sorted(row for rows in left_out for row in rows) == list(range(200))
    # The labels that it gave to rows it was not asked about were turned round, and were not read.
    assert (same.against.low, same.against.high) == (0, 0)
    assert same.accuracy == raw.accuracy


def test_more_labels_help_along_the_curve():
    features, truth, _noisy, _turned, groups = world(width=40)
    (only,) = evaluate_sets(features, truth, groups, {"raw": Labels.plain(truth)}, seeds=2).sets

    values = [only.curve[part].value for part in (0.125, 0.25, 0.5, 1.0)]
    assert values == sorted(values)
    assert values[-1] > 0.9


def test_nothing_of_a_tested_prompt_is_learnt_from():
    """Each prompt has one feature of its own: whoever learnt from it would be right about it."""
    pairs = 120
    groups = [f"p{number // 2}" for number in range(pairs)]
    features = np.repeat(np.eye(pairs // 2, dtype=np.float32), 2, axis=0)
    truth = np.ones(pairs, dtype=np.int8)

    (only,) = evaluate_sets(features, truth, groups, {"raw": Labels.plain(truth)}, seeds=1).sets

    assert only.accuracy.value == 0.5


def test_the_sides_turned_round_give_the_same_accuracy():
    features, truth, noisy, _turned, groups = world(noise=0.2, pairs=200)

    one = evaluate_sets(features, truth, groups, {"raw": Labels.plain(noisy)}, seeds=1)
    other = evaluate_sets(-features, -truth, groups, {"raw": Labels.plain(-noisy)}, seeds=1)

    assert one.sets[0].accuracy == other.sets[0].accuracy


def test_slices_with_enough_pairs_are_told_apart():
    features, truth, _noisy, _turned, groups = world(pairs=200)
    words = ["even" if number // 2 % 2 else "odd" for number in range(190)] + ["rare"] * 10

    (only,) = evaluate_sets(features, truth, groups, {"raw": Labels.plain(truth)}, seeds=1, slices=words).sets

    assert set(only.slices) == {"even", "odd"}


def test_too_few_prompts_are_refused():
    features, truth, noisy, _turned, groups = world(pairs=30)

    with pytest.raises(TooLittle, match="15 prompts"):
        evaluate_sets(features, truth, groups, {"raw": Labels.plain(noisy)})


@pytest.mark.parametrize(("soft", "margin"), [(0.5, 0.0), (1.0, 0.0), (0.9, 1.0)])
def test_one_feature_has_the_head_of_its_loss(soft, margin):
    """d = 1, x = 1: where the slope of the loss, written out by hand, is nought."""
    n = 50
    features = np.ones((n, 1), dtype=np.float32)
    labels = Labels(np.ones(n, dtype=np.int8), np.full(n, soft), np.full(n, margin), np.ones(n))

    theta = float(fit_head(features, labels, np.arange(n), ridge=1e-3)[0])

    slope = -soft / (1 + np.exp(theta - margin)) + (1 - soft) / (1 + np.exp(-theta)) + 1e-3 * theta
    assert slope == pytest.approx(0, abs=1e-4)


def test_a_row_of_weight_two_counts_as_two_rows():
    features, truth, _noisy, _turned, _groups = world(pairs=60, width=3)
    double = Labels(truth, np.ones(60), np.zeros(60), np.where(np.arange(60) < 10, 2.0, 1.0))
    values = whitened(features)
    rows = np.concatenate([np.arange(60), np.arange(10)])

    weighted = fit_head(values, double, np.arange(60))
    repeated = fit_head(values, Labels.plain(truth), rows)

    assert weighted == pytest.approx(repeated, abs=1e-3)


def test_without_labels_the_head_says_nothing():
    features, _truth, _noisy, _turned, _groups = world(pairs=20)

    assert not fit_head(features, Labels.plain(np.zeros(20, dtype=np.int8)), np.arange(20)).any()
