from __future__ import annotations

import pytest

from annotate.rules.differences import line_differences
from annotate.rules.outlook import days_left, outlook


def test_times_that_are_all_alike_leave_no_doubt():
    found = outlook([10.0] * 8, 6)

    assert (found.low, found.middle, found.high) == pytest.approx((60.0, 60.0, 60.0))


def test_the_wider_the_times_the_wider_the_outlook():
    near, far = outlook([9, 10, 11, 10, 10], 20), outlook([2, 10, 50, 5, 20], 20)

    assert near.low < near.middle < near.high
    assert far.high / far.low > near.high / near.low


def test_too_little_says_nothing():
    assert outlook([10.0] * 4, 6) is None
    assert outlook([10.0] * 8, 0) is None
    assert days_left([5, 0, 5], 10) is None


def test_days_are_counted_in_working_days():
    found = days_left([100, 0, 100, 100], 250)

    assert (found.low, found.middle, found.high) == pytest.approx((2.5, 2.5, 2.5))


def test_differences_show_what_went_and_what_came_with_their_surroundings():
    before = "\n".join(f"line {n}" for n in range(12))
    after = before.replace("line 6", "line six")

    shown = [(line.kind, line.text) for line in line_differences(before, after)]

    assert shown == [
        ("skipped", ""), ("same", "line 4"), ("same", "line 5"), ("gone", "line 6"), ("new", "line six"),
        ("same", "line 7"), ("same", "line 8"), ("skipped", ""),
    ]  # fmt: skip
    assert line_differences(before, before) == []
