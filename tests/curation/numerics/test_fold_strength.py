from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.evaluation import evaluate_sets
from curation.numerics.fold_strength import FoldStrength
from curation.numerics.reward_heads import Labels

PAIRS, WIDTH = 400, 24


@pytest.fixture(scope="module")
def noise():
    """Labels that are coins: nothing can be learnt about them, so every accuracy is a half."""
    draw = np.random.default_rng(0)
    features = draw.normal(size=(PAIRS, WIDTH)).astype(np.float32)
    labels = np.where(draw.random(PAIRS) < 0.5, 1, -1).astype(np.int8)
    groups = [f"prompt {number}" for number in range(PAIRS)]
    responses = [(f"first {number}", f"second {number}") for number in range(PAIRS)]
    return features, labels, groups, FoldStrength(features, labels, groups, responses)


def believed(labels, strength):
    """Labels without those that strength speaks against."""
    return Labels.plain(np.where(strength * -labels > 0, labels, 0).astype(np.int8))


def test_strength_that_saw_the_tested_labels_makes_noise_predictable_and_a_folds_own_does_not(noise):
    features, labels, groups, strength = noise
    everything = strength(np.arange(PAIRS))
    sets = {
        "raw": Labels.plain(labels),
        "saw the tested": believed(labels, everything),
        "of the fold": lambda rows: believed(labels, strength(rows)),
    }

    raw, leaking, clean = evaluate_sets(features, labels, groups, sets, seeds=3, fractions=(1.0,)).sets

    assert leaking.against.low > 0.02
    assert clean.against.low < 0 < clean.against.high
    assert clean.accuracy.low < 0.5 < clean.accuracy.high
    assert (raw.rows, clean.rows) == (PAIRS, leaking.rows)


def test_a_label_outside_the_rows_changes_nothing_inside(noise):
    features, labels, groups, strength = noise
    rows = np.arange(0, PAIRS, 2)
    turned = labels.copy()
    turned[1::2] *= -1

    one = strength(rows)
    other = FoldStrength(features, turned, groups, strength.responses)(rows)

    assert np.array_equal(one, other, equal_nan=True)
    assert np.isnan(one[1::2]).all()
    assert np.isfinite(one[rows]).all()


def test_too_few_labels_give_no_strength_as_before_anything_was_scored(noise):
    *_rest, strength = noise

    assert np.isnan(strength(np.arange(199))).all()
