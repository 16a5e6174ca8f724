"""Length, edit and embedding similarity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.similarity import LengthGap, cosine, edit_similarity, length_gap


def test_length_gap_counts_the_second_less_the_first():
    assert length_gap("one two", "one  two\nthree") == LengthGap(characters=7, words=1)


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text())
def test_length_gap_of_swapped_texts_changes_its_sign(first, second):
    one, other = length_gap(first, second), length_gap(second, first)

    assert (one.characters, one.words) == (-other.characters, -other.words)


@pytest.mark.parametrize(
    ("first", "second", "similarity"),
    [
        ("kitten", "sitting", 1 - 3 / 7),
        ("same", "same", 1.0),
        ("", "", 1.0),
        ("", "abc", 0.0),
        ([5, 6, 7], [5, 7], 2 / 3),
    ],
)
def test_edit_similarity_of_known_pairs(first, second, similarity):
    assert edit_similarity(first, second) == pytest.approx(similarity)


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text())
def test_edit_similarity_is_symmetric_and_one_only_for_equals(first, second):
    found = edit_similarity(first, second)

    assert found == edit_similarity(second, first)
    assert (found == 1.0) == (first == second)


def test_cosine_of_known_vectors():
    assert cosine([1, 0], [1, 1]) == pytest.approx(0.5**0.5)
    assert cosine([2, 0], [-3, 0]) == -1.0


def test_cosine_stays_within_one_in_single_precision():
    vector = np.full(384, 0.1, dtype=np.float32)

    assert cosine(vector, vector) == pytest.approx(1.0)
    assert cosine(vector, vector) <= 1.0


@pytest.mark.parametrize("nowhere", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_cosine_without_a_direction_is_nan(nowhere):
    assert np.isnan(cosine(nowhere, [1.0, 1.0]))
