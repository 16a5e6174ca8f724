"""Many logistic regressions at once: a case by hand, and agreement with one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from curation.numerics.logistic import scale_of, solve_heads


def alone(features, weight, sign, ridge, scale):
    """One head by a general minimiser, in double precision."""
    rows = features.astype(np.float64) @ scale.matrix

    def loss(theta):
        pull = sign * (rows @ theta)
        back = -(weight * sign / (1 + np.exp(pull))) @ rows / weight.sum()
        value = weight @ np.logaddexp(0, -pull) / weight.sum() + ridge / 2 * theta @ theta
        return value, back + ridge * theta

    return scale.matrix @ minimize(loss, np.zeros(rows.shape[1]), jac=True, tol=1e-12).x


def test_three_rows_for_and_one_against_give_the_logarithm_of_three():
    found = solve_heads(
        np.array([[1.0], [1.0], [1.0], [-1.0]]), ridge=0, weights=np.ones((4, 1)), tolerance=1e-12
    )

    assert found.weights[0, 0] == pytest.approx(np.log(3), abs=1e-10)
    assert found.converged


@pytest.mark.parametrize("n", [40, 600], ids=["scaled by size", "whitened"])
def test_each_head_is_what_it_would_be_alone(n):
    draw = np.random.default_rng(n)
    features = draw.standard_normal((n, 5)) * [1, 10, 0.1, 1, 3]
    weights = (draw.random((n, 4)) < 0.5).astype(np.uint8)
    signs = draw.choice([-1, 1], (n, 4)).astype(np.int8)

    found = solve_heads(features, ridge=1e-2, weights=weights, signs=signs, tolerance=1e-9)

    scale = scale_of(features)
    assert scale.whitened == (n == 600)
    for head in range(4):
        expected = alone(features, weights[:, head].astype(float), signs[:, head], 1e-2, scale)
        np.testing.assert_allclose(found.weights[:, head], expected, rtol=1e-4, atol=1e-6)


def test_turned_signs_turn_the_weights_and_equal_a_turned_row():
    draw = np.random.default_rng(5)
    features = draw.standard_normal((300, 4))
    signs = draw.choice([-1, 1], (300, 1))

    by_sign = solve_heads(features, ridge=1e-2, signs=signs, tolerance=1e-8)
    by_row = solve_heads(features * signs, ridge=1e-2, weights=np.ones((300, 1)), tolerance=1e-8)
    turned = solve_heads(features, ridge=1e-2, signs=-signs, tolerance=1e-8)

    np.testing.assert_allclose(by_sign.weights, by_row.weights, atol=1e-7)
    np.testing.assert_array_equal(turned.weights, -by_sign.weights)


def test_skipped_rows_change_nothing_whatever_they_hold():
    draw = np.random.default_rng(6)
    features = draw.standard_normal((300, 4))
    skip = np.arange(300) % 7 == 0
    broken = features.copy()
    broken[skip] = np.nan
    weights = np.ones((300, 2)) * ~skip[:, None]

    found = solve_heads(broken, ridge=1e-2, weights=weights, skip=skip, tolerance=1e-8)
    expected = solve_heads(
        features[~skip], ridge=1e-2, weights=np.ones((int((~skip).sum()), 2)), tolerance=1e-8
    )

    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-6)


def test_single_precision_is_close_to_double():
    draw = np.random.default_rng(7)
    features = draw.standard_normal((5000, 20))
    features *= np.where(draw.random(5000) < 0.7, 1, -1)[:, None]
    weights = (draw.random((5000, 6)) < 0.5).astype(np.uint8)

    single = solve_heads(features.astype(np.float32), ridge=1e-2, weights=weights)
    double = solve_heads(features, ridge=1e-2, weights=weights, tolerance=1e-9)

    assert single.converged
    np.testing.assert_allclose(single.weights, double.weights, atol=5e-4)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"weights": np.ones((3, 1))}, "n = 4 rows"),
        ({}, "how many heads"),
        ({"weights": np.zeros((4, 1))}, "no row to learn from"),
        ({"weights": np.ones((4, 1)), "ridge": -1}, "negative"),
    ],
)
def test_what_cannot_be_solved_is_refused_with_a_reason(fields, reason):
    with pytest.raises(ValueError, match=reason):
        solve_heads(np.ones((4, 1)), **({"ridge": 0.1} | fields))
