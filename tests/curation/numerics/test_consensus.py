"""The three answers that agree most, with the examples of HelpSteer2's cards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.consensus import agree, least_spread, most_alike


@pytest.mark.parametrize(
    ("values", "value", "kept"),
    [
        ([3, 3, 4], 3, (0, 1, 2)),
        ([0, 3, 4, 4], 4, (1, 2, 3)),
        ([-1, 2, 2, 3], 2, (1, 2, 3)),
        ([2, 2, 1], 2, (0, 1, 2)),
        ([-1, 1, 1], 0, (0, 1, 2)),
        ([1, 1, 1], 1, (0, 1, 2)),
    ],
)
def test_the_three_that_agree_most_are_averaged_and_rounded(values, value, kept):
    found = agree(values)

    assert (found.value, found.kept, found.settled) == (value, kept, True)


def test_the_rows_of_the_card():
    ratings = {
        "helpfulness": ([3, 3, 4], 3),
        "correctness": ([3, 4, 4], 4),
        "coherence": ([4, 3, 4], 4),
        "complexity": ([2, 2, 2], 2),
        "verbosity": ([2, 1, 1], 1),
    }

    assert {name: agree(given).value for name, (given, _) in ratings.items()} == {
        name: value for name, (_, value) in ratings.items()
    }


@pytest.mark.parametrize(("values", "spread"), [([0, 2, 4], 4), ([0, 1, 3, 4], 3), ([-3, 1, 3], 6)])
def test_answers_too_far_apart_ask_for_one_more(values, spread):
    assert least_spread(values) == spread
    assert not agree(values).settled


def test_a_fourth_that_agrees_with_two_settles():
    assert not agree([0, 2, 4]).settled
    assert agree([0, 2, 4, 3]).settled


def test_equal_ranges_go_by_variance_then_by_the_median_then_by_who_came_first():
    assert most_alike([0, 1, 2, 4, 4, 6]) == (0, 1, 2)
    # Three subsets have the range 2; that of 0, 1, 2 varies least, wherever it stands.
    assert most_alike([4, 4, 6, 0, 1, 2]) == (3, 4, 5)
    # 0, 0, 1 and 0, 1, 1 are alike in range and variance; the median 1 decides.
    assert most_alike([0, 0, 1, 1, 3]) == (0, 2, 3)
    assert most_alike([2, 2, 2, 2]) == (0, 1, 2)


def test_fewer_than_three_are_all_kept():
    assert agree([2]).value == 2
    assert agree([1, 3]).mean == 2


@pytest.mark.parametrize(("values", "keep"), [([], 3), ([1], 0)])
def test_nothing_cannot_agree(values, keep):
    with pytest.raises(ValueError, match="At least one"):
        agree(values, keep=keep)


@given(st.lists(st.integers(0, 4), min_size=3, max_size=6), st.randoms())
def test_the_value_does_not_depend_on_who_came_first(values, random):
    shuffled = random.sample(values, len(values))

    assert agree(shuffled).spread == agree(values).spread


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=15))
def test_turning_the_sides_turns_the_value(values):
    assert agree([-value for value in values]).value == -agree(values).value
    assert agree(values).spread <= max(values) - min(values)


@given(st.lists(st.integers(0, 4), min_size=13, max_size=16))
def test_many_answers_are_settled_as_tightly_as_by_looking_at_all(values):
    from itertools import combinations

    best = min(max(three) - min(three) for three in combinations(values, 3))

    assert agree(values).spread == best
