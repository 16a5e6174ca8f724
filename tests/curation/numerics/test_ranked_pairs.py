"""Ranked pairs, with ties that stay ties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.ranked_pairs import kendall_distance, ranked_pairs

MEMPHIS, NASHVILLE, CHATTANOOGA, KNOXVILLE = range(4)


def strict(*order):
    return [[one] for one in order]


def test_the_capital_of_tennessee():
    """The usual textbook example: 42, 26, 15 and 17 voters; Nashville, then Chattanooga."""
    m, n, c, k = MEMPHIS, NASHVILLE, CHATTANOOGA, KNOXVILLE
    voters = (
        [strict(m, n, c, k)] * 42
        + [strict(n, c, k, m)] * 26
        + [strict(c, k, n, m)] * 15
        + [strict(k, c, n, m)] * 17
    )

    found = ranked_pairs(voters)

    assert found.groups == ((n,), (c,), (k,), (m,))
    assert found.margins[n, m] == 16
    assert not found.tie_break_used


def with_margins(*pairs):
    """Rankings of three candidates whose margins are exactly these (McGarvey's construction)."""
    rankings = []
    for (above, below), margin in pairs:
        other = ({0, 1, 2} - {above, below}).pop()
        for _ in range(margin):
            rankings += [strict(above, below, other), strict(other, above, below)]
    return rankings


def test_of_a_cycle_the_smallest_margin_is_dropped():
    found = ranked_pairs(with_margins(((0, 1), 5), ((1, 2), 3), ((2, 0), 1)))

    assert [found.margins[pair] for pair in ((0, 1), (1, 2), (2, 0))] == [10, 6, 2]
    assert found.groups == ((0,), (1,), (2,))
    assert not found.tie_break_used


def test_a_cycle_of_equal_margins_is_broken_openly():
    found = ranked_pairs([strict(0, 1, 2), strict(1, 2, 0), strict(2, 0, 1)])

    assert found.groups == ((0,), (1,), (2,))
    assert found.tie_break_used


def test_nothing_between_two_is_a_tie_and_no_invention():
    found = ranked_pairs([strict(0, 1, 2), strict(1, 0, 2)])

    assert found.groups == ((0, 1), (2,))
    assert not found.tie_break_used


def test_ties_of_the_judges_are_kept():
    assert ranked_pairs([[[2], [0, 1]]]).groups == ((2,), (0, 1))
    assert ranked_pairs([[[2], [0, 1]], [[2], [0], [1]]]).groups == ((2,), (0,), (1,))


def test_only_what_everybody_ranked_is_merged():
    found = ranked_pairs([strict(0, 1, 2), strict(2, 1)])

    assert found.groups == ((1, 2),)
    assert ranked_pairs([strict(0), strict(1)]).groups == ()


def test_the_distance_counts_pairs_and_half_for_a_tie():
    assert kendall_distance(strict(0, 1, 2), strict(2, 1, 0)) == 1
    assert kendall_distance(strict(0, 1, 2), strict(0, 2, 1)) == pytest.approx(1 / 3)
    assert kendall_distance([[0, 1, 2]], strict(0, 1, 2)) == 0.5


def test_what_is_no_ranking_is_refused():
    with pytest.raises(ValueError, match="no ranking"):
        ranked_pairs([])
    with pytest.raises(ValueError, match="twice"):
        ranked_pairs([[[0], [0, 1]]])


RANKINGS = st.integers(2, 5).flatmap(
    lambda n: st.lists(st.permutations(range(n)).map(lambda order: strict(*order)), min_size=1, max_size=7)
)


@given(RANKINGS, st.randoms())
def test_the_order_of_the_judges_does_not_matter(rankings, random):
    assert ranked_pairs(random.sample(rankings, len(rankings))).groups == ranked_pairs(rankings).groups


@given(RANKINGS)
def test_whoever_beats_everybody_stands_alone_at_the_top(rankings):
    found = ranked_pairs(rankings)
    candidates = sorted(one for group in rankings[0] for one in group)
    winner = next(
        (
            one
            for one in candidates
            if all(found.margins[one, other] > 0 for other in candidates if other != one)
        ),
        None,
    )

    if winner is not None:
        assert found.groups[0] == (winner,)


@given(RANKINGS)
def test_unanimous_judges_get_their_own_ranking(rankings):
    found = ranked_pairs([rankings[0]] * len(rankings))

    assert [list(group) for group in found.groups] == rankings[0]
    assert set(found.distances) == {0.0}
