"""Recorded judges as a filter: what the recipe's step keeps is what the experiment learns from."""

from __future__ import annotations

import numpy as np

from bench.curation_filters import BOTH, BY_LOT, filtered

PEOPLE = np.array([1, -1, 1, -1, 1, 0], dtype=np.int8)
JUDGES = {
    "one": np.array([1, -1, -1, 1, 0, 1], dtype=np.int8),
    "other": np.array([1, 1, -1, 1, 1, 1], dtype=np.int8),
}


def signs(name):
    return filtered(PEOPLE, JUDGES)[name].signs.tolist()


def test_only_labels_that_both_judges_share_are_kept():
    assert signs(BOTH) == [1, 0, 0, 0, 0, 0]
    assert signs("kept where one says the same") == [1, -1, 0, 0, 0, 0]


def test_labels_that_both_judges_contradict_are_dropped_or_turned():
    assert signs("dropped where both judges say the opposite") == [1, -1, 0, 0, 1, 0]
    assert signs("turned where both judges say the opposite") == [1, -1, -1, 1, 1, 0]


def test_the_lot_leaves_out_as_many_labels_and_changes_none():
    drawn = signs(BY_LOT)

    assert np.count_nonzero(drawn) == np.count_nonzero(signs(BOTH))
    assert all(one in (0, label) for one, label in zip(drawn, PEOPLE.tolist(), strict=True))
