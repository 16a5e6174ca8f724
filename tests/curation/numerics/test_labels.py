from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.labels import majority_label, majority_labels, majority_passages, median_level


def test_the_label_with_most_votes_wins_and_two_that_lead_together_do_not():
    assert majority_label(["a", "b", "a"]).value == "a"
    assert majority_label(["a", "b", "a"]).share == pytest.approx(2 / 3)
    assert majority_label(["a", "b"]).value is None


def test_of_several_labels_those_stay_that_most_chose():
    assert majority_labels([["a", "b"], ["b"], ["c", "b"]], ["c", "b", "a"]) == ["b"]
    assert majority_labels([["a"], ["b"]], ["a", "b"]) == []


@pytest.mark.parametrize(("levels", "median"), [([0, 3, 1], 1), ([0, 3], 0), ([2], 2), ([0, 1, 1, 3], 1)])
def test_levels_settle_at_their_median_and_the_milder_of_two(levels, median):
    assert median_level(levels) == median


def test_passages_are_settled_character_by_character():
    first = [(0, 5, "wrong", 2)]
    second = [(3, 8, "wrong", 1), (0, 1, "rude", None)]
    third = []

    (passage,) = majority_passages([first, second, third], length=10)

    assert (passage.start, passage.end, passage.label, passage.severity) == (3, 5, "wrong", 1)
    assert passage.share == pytest.approx(2 / 3)


def test_a_judge_who_marks_twice_votes_once():
    assert majority_passages([[(0, 4, "x", None), (2, 6, "x", None)], []], length=6) == []


@pytest.mark.parametrize("marked", [[], [[(0, 9, "x", None)]], [[(2, 2, "x", None)]]])
def test_what_cannot_be_settled_is_refused(marked):
    with pytest.raises(ValueError, match="judges|outside"):
        majority_passages(marked, length=5)


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(1, 9), st.sampled_from("xy")).map(
                lambda one: (one[0], min(10, one[0] + one[1]), one[2], None)
            ),
            max_size=3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_character_is_kept_exactly_when_more_than_half_marked_it(marked):
    passages = majority_passages(marked, length=10)

    for label in "xy":
        for at in range(10):
            votes = sum(any(a <= at < b and own == label for a, b, own, _ in one) for one in marked)
            kept = any(one.start <= at < one.end and one.label == label for one in passages)
            assert kept == (2 * votes > len(marked))
