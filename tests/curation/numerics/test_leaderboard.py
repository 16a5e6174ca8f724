"""Models placed by what judges said of their responses."""

from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.leaderboard import Comparison, leaderboard


def compared(judge, *groups):
    return Comparison(judge, tuple(tuple(group.split()) for group in groups))


def test_pairs_with_ties_go_by_davidson():
    said = [compared(1, "a", "b")] * 6 + [compared(1, "b", "a")] * 2 + [compared(1, "a b")] * 4
    board = leaderboard(said)

    assert (board.method, board.interval, board.connected) == ("davidson", "normal", True)
    assert [one.model for one in board.models] == ["a", "b"]
    assert board.models[0].theta - board.models[1].theta == pytest.approx(np.log(3), abs=1e-5)
    assert board.nu == pytest.approx(4 / np.sqrt(12), abs=1e-5)
    best = board.models[0]
    assert (best.n, best.won, best.tied, best.lost) == (12, 6, 4, 2)
    assert best.low < best.theta < best.high


def test_lists_go_by_plackett_and_luce():
    said = [compared(1, "a", "b c"), compared(2, "b", "a", "c"), compared(3, "c", "a", "b")]
    board = leaderboard(said)

    assert board.method == "plackett_luce"
    assert board.models[0].model == "a"


def test_with_five_judges_the_intervals_are_theirs_and_the_same_each_time():
    rng = np.random.default_rng(2)
    said = [
        compared(judge, *(("a", "b") if rng.random() < 0.7 else ("b", "a")))
        for judge in range(8)
        for _answer in range(25)
    ]
    board = leaderboard(said)

    assert (board.interval, board.judges, board.comparisons) == ("judges", 8, 200)
    assert board.models[0].low > 0 > board.models[1].high
    assert leaderboard(said) == board


def test_one_judge_who_says_everything_makes_the_interval_wide():
    same = [compared(0, "a", "b")] * 90 + [compared(0, "b", "a")] * 10
    others = [compared(judge, *pair) for judge in range(1, 6) for pair in (("a", "b"), ("b", "a"))] * 4
    board = leaderboard(same + others)
    best = board.models[0]

    assert best.high - best.low > 2 * 1.96 * best.se


def test_who_never_lost_is_first_and_the_board_says_so():
    board = leaderboard([compared(1, "a", "b")] * 3)

    assert not board.connected
    assert board.models[0].model == "a"


@pytest.mark.parametrize("said", [[], [compared(1, "a")]])
def test_one_model_is_no_leaderboard(said):
    assert leaderboard(said) is None
