"""The order in which candidates are shown: stable, fair, and different for each judge."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.shuffling import shown_order

# Drawn once; a change here would tell every judge a new order for items already opened.
GOLDEN_SIDES = "10110011"
GOLDEN_ORDER = (4, 3, 2, 1, 0)


def test_shown_order_is_the_same_in_every_version():
    drawn = [shown_order(0, "ann", f"item-{place}", 2) for place in range(8)]

    assert "".join(str(order[0]) for order in drawn) == GOLDEN_SIDES
    assert shown_order(7, "ann", "item-0", 5) == GOLDEN_ORDER


@settings(max_examples=25, deadline=None)
@given(st.integers(), st.text(), st.text(), st.integers(0, 12))
def test_shown_order_is_a_permutation_and_repeats(seed, judge, item, n):
    order = shown_order(seed, judge, item, n)

    assert sorted(order) == list(range(n))
    assert order == shown_order(seed, judge, item, n)


def test_shown_order_puts_each_side_first_equally_often():
    swapped = sum(shown_order(0, "ann", f"item-{place}", 2)[0] for place in range(10_000))

    # Four standard deviations of a fair coin are 200.
    assert abs(swapped - 5_000) < 200


def test_shown_order_of_three_gives_every_permutation_its_share():
    orders = Counter(shown_order(1, "ann", f"item-{place}", 3) for place in range(6_000))

    assert len(orders) == 6
    assert all(abs(count - 1_000) < 4 * (6_000 * 5 / 36) ** 0.5 for count in orders.values())


def test_shown_order_of_one_judge_tells_nothing_about_another():
    same = sum(
        shown_order(0, "ann", f"item-{place}", 2) == shown_order(0, "ben", f"item-{place}", 2)
        for place in range(10_000)
    )

    assert abs(same - 5_000) < 200


def test_shown_order_keeps_names_apart_that_would_run_together():
    joined = {shown_order(1, "ab", "c", 9), shown_order(1, "a", "bc", 9), shown_order(11, "b", "c", 9)}

    assert len(joined) == 3


def test_shown_order_of_fewer_than_no_candidates_is_refused():
    with pytest.raises(ValueError, match="candidates"):
        shown_order(0, "ann", "item", -1)
