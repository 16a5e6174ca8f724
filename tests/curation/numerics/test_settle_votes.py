"""Majority settlement: worked examples and invariances."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.settling import Settled, margin_towards, settle_votes

VOTES = st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3, "tie", "neither"]), max_size=9)
MIRROR = {"first": "second", "second": "first"}


@pytest.mark.parametrize(
    ("votes", "settled"),
    [
        ([1, 1, 1], Settled("second", 1.0, 1.0, 1.0, 3, 0.0)),
        ([-3, -1, 2], Settled("first", -2 / 3, 2 / 3, 2 / 3, 3, 5.0)),
        (["tie", "tie", 3], Settled("tie", 1.0, 1.0, 2 / 3, 3, 3.0)),
        ([0, "tie"], Settled("tie", 0.0, 0.0, 1.0, 2, 0.0)),
        (["neither", "neither", -2], Settled("neither", -2.0, 2.0, 2 / 3, 3, 0.0)),
        ([-1, 1], Settled("undecided", 0.0, 0.0, 0.0, 2, 2.0)),
        ([-1, "tie", 2], Settled("undecided", 1 / 3, 1 / 3, 0.0, 3, 3.0)),
        ([-2, -1, "tie", 3], Settled("first", 0.0, 0.0, 0.5, 4, 5.0)),
        (["neither"], Settled("neither", None, None, 1.0, 1, None)),
        ([], Settled("undecided", None, None, 0.0, 0, None)),
    ],
)
def test_settle_votes_on_worked_examples(votes, settled):
    assert settle_votes(votes) == settled


@settings(max_examples=25, deadline=None)
@given(VOTES.flatmap(lambda votes: st.tuples(st.just(votes), st.permutations(votes))))
def test_settle_votes_ignores_the_order_of_the_votes(both):
    votes, shuffled = both

    assert settle_votes(votes) == settle_votes(shuffled)


@settings(max_examples=25, deadline=None)
@given(VOTES)
def test_settle_votes_of_swapped_candidates_is_the_mirror_image(votes):
    settled = settle_votes(votes)
    mirrored = settle_votes([vote if isinstance(vote, str) else -vote for vote in votes])

    assert mirrored == dataclasses.replace(
        settled,
        verdict=MIRROR.get(settled.verdict, settled.verdict),
        preference=None if settled.preference is None else -settled.preference,
    )


@settings(max_examples=25, deadline=None)
@given(VOTES)
def test_settle_votes_keeps_every_number_on_its_scale(votes):
    settled = settle_votes(votes)

    assert 0.0 <= settled.confidence <= 1.0
    assert settled.n_judges == len(votes)
    assert settled.preference is None or -3 <= settled.preference <= 3
    assert settled.spread is None or 0 <= settled.spread <= 6


@pytest.mark.parametrize("vote", [4, -4, 3.5, True, None, "first", "Tie"])
def test_settle_votes_refuses_what_is_not_a_vote(vote):
    with pytest.raises(ValueError, match="A vote is"):
        settle_votes([vote])


@pytest.mark.parametrize(
    ("verdict", "preference", "margin"),
    [
        ("first", -2.0, 2 / 3),
        ("second", 3.0, 1.0),
        ("first", 0.5, 0.0),
        ("tie", 0.0, 0.0),
        ("undecided", 1.0, 0.0),
        ("neither", None, 0.0),
    ],
)
def test_margin_is_a_third_of_the_strength_towards_the_verdict(verdict, preference, margin):
    assert margin_towards(verdict, preference) == pytest.approx(margin)
