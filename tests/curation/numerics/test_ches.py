"""CHES and LN-CHES: hand case, identities, bounds and missing numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.numerics.ches import GramColumns, ches, ln_ches, score_pairs

VECTORS = arrays(np.float64, (4,), elements=st.floats(-1e3, 1e3))
COUNTS = st.integers(1, 200)


def gram(first, second, n_first, n_second):
    return GramColumns(
        *(np.array([value], dtype=float) for value in (first @ second, first @ first, second @ second)),
        np.array([n_first], dtype=float),
        np.array([n_second], dtype=float),
    )


def test_ches_of_the_hand_case_is_two_and_ln_ches_minus_a_twelfth():
    chosen = np.array([[1, 0], [0, 2]]).sum(axis=0)
    rejected = np.array([[1, 0], [2, 1], [0, 1]]).sum(axis=0)

    assert ches(chosen @ rejected, chosen @ chosen) == 2.0
    assert ln_ches(chosen @ rejected, chosen @ chosen, 2, 3) == pytest.approx(-1 / 12, abs=1e-15)


def test_score_pairs_follows_each_label_without_another_forward():
    columns = GramColumns(*(np.repeat(value, 2) for value in (7.0, 5.0, 13.0, 2.0, 3.0)))

    scores = score_pairs(columns, chosen_is_first=[True, False])

    assert scores.ches.tolist() == [2.0, -6.0]
    assert scores.ln_ches.tolist() == pytest.approx([7 / 6 - 5 / 4, 7 / 6 - 13 / 9])


@settings(max_examples=25, deadline=None)
@given(VECTORS, VECTORS, COUNTS, COUNTS)
def test_ches_of_both_directions_adds_up_to_minus_the_squared_distance(first, second, n_first, n_second):
    one = score_pairs(gram(first, second, n_first, n_second), chosen_is_first=[True])
    other = score_pairs(gram(first, second, n_first, n_second), chosen_is_first=[False])

    apart, means = first - second, first / n_first - second / n_second
    scale = 1 + first @ first + second @ second
    assert (one.ches + other.ches)[0] == pytest.approx(-(apart @ apart), abs=1e-9 * scale)
    assert (one.ln_ches + other.ln_ches)[0] == pytest.approx(-(means @ means), abs=1e-9 * scale)


@settings(max_examples=25, deadline=None)
@given(VECTORS, VECTORS)
def test_ches_never_passes_a_quarter_of_the_squared_rejected_sum(chosen, rejected):
    bound = rejected @ rejected / 4

    assert ches(chosen @ rejected, chosen @ chosen) <= bound + 1e-9 * (1 + bound)
    half = rejected / 2
    assert ches(half @ rejected, half @ half) == pytest.approx(bound)


@settings(max_examples=25, deadline=None)
@given(VECTORS, VECTORS, COUNTS, COUNTS, st.integers(1, 9))
def test_ln_ches_ignores_that_every_vector_is_repeated(chosen, rejected, n_chosen, n_rejected, times):
    cross, square = chosen @ rejected, chosen @ chosen
    scale = 1 + abs(cross) + square

    repeated = ln_ches(cross * times**2, square * times**2, n_chosen * times, n_rejected * times)
    assert repeated == pytest.approx(ln_ches(cross, square, n_chosen, n_rejected), abs=1e-9 * scale)
    assert ches(cross * times**2, square * times**2) == pytest.approx(
        ches(cross, square) * times**2, abs=1e-9 * scale * times**2
    )


def test_ches_of_two_equal_responses_is_exactly_zero():
    assert ches(12.34, 12.34) == 0.0
    assert ln_ches(12.34, 12.34, 7, 7) == 0.0


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_ches_of_a_missing_number_is_nan_and_leaves_the_others_alone(missing):
    assert np.isnan(ches(missing, 5.0))
    assert np.isnan(ln_ches(7.0, 5.0, missing, 3))
    assert np.isnan(ches([7.0, missing], [5.0, 5.0])).tolist() == [False, True]


def test_ln_ches_without_a_single_vector_is_nan():
    assert np.isnan(ln_ches(7.0, 5.0, 0, 3))


@settings(max_examples=25, deadline=None)
@given(VECTORS, VECTORS, COUNTS, COUNTS, st.floats(0.1, 10), st.integers(0, 1000))
def test_turning_all_vectors_changes_nothing_and_stretching_them_goes_by_the_square(
    chosen, rejected, n_chosen, n_rejected, stretch, seed
):
    turn, _triangle = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))
    plain = score_pairs(gram(chosen, rejected, n_chosen, n_rejected), chosen_is_first=[True])
    turned = score_pairs(gram(turn @ chosen, turn @ rejected, n_chosen, n_rejected), chosen_is_first=[True])
    longer = score_pairs(
        gram(stretch * chosen, stretch * rejected, n_chosen, n_rejected), chosen_is_first=[True]
    )

    size = 1e-9 * (1 + chosen @ chosen + rejected @ rejected)
    for name in ("ches", "ln_ches"):
        before, after = getattr(plain, name)[0], getattr(turned, name)[0]
        assert after == pytest.approx(before, abs=size)
        assert getattr(longer, name)[0] == pytest.approx(stretch**2 * before, abs=100 * size)
