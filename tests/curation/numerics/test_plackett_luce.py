"""Worths from rankings: choix's cases, ties against all their orders, parts of what was shown."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import check_grad

from curation.numerics.davidson import NotConnected, davidson
from curation.numerics.plackett_luce import _negative, _stages, _table, plackett_luce


def plain(*orders):
    return [[[one] for one in order] for order in orders]


def table_of(rankings, shown=None, count=4):
    return _table(_stages(rankings, shown, count), count)


def test_cyclic_rankings_tell_nothing_apart():
    assert plackett_luce(plain([0, 1, 2], [1, 2, 0], [2, 0, 1]), 3).theta == pytest.approx(
        [0, 0, 0], abs=1e-7
    )


def test_partial_rankings_as_choix_has_them():
    # lucasmaystre/choix @7494ad3 (MIT), tests/testcase-rankings-2.json, which stopped 3e-5 from the maximum.
    found = plackett_luce(plain([0, 1, 2], [3, 2, 0], [1, 3]), 4)

    assert found.theta == pytest.approx([-0.44328117, 0.69506219, -0.67061442, 0.4188334], abs=4e-5)
    assert found.connected


def test_two_at_a_time_is_bradley_and_terry():
    pairs = [[0, 1]] * 3 + [[1, 0]] + [[1, 2]] * 4 + [[2, 1]] * 2 + [[2, 0]]
    wins = np.zeros((3, 3))
    for one, other in pairs:
        wins[one, other] += 1
    found, other = plackett_luce(plain(*pairs), 3), davidson(wins)

    assert found.theta == pytest.approx(other.theta, abs=1e-6)
    assert found.loglik == pytest.approx(other.loglik, abs=1e-8)
    assert found.se == pytest.approx(other.se, abs=1e-4)


def test_a_tie_has_the_mean_likelihood_of_its_orders():
    theta = np.array([0.3, -0.4, 0.9, 0.1])
    tied = -_negative(theta, table_of([[[0, 1, 2], [3]]]))[0]
    orders = [np.exp(-_negative(theta, table_of(plain([*order, 3])))[0]) for order in permutations((0, 1, 2))]

    assert tied == pytest.approx(np.log(np.mean(orders)), abs=1e-12)


def test_what_was_shown_and_not_ranked_stands_below():
    theta = np.array([0.3, -0.4, 0.9])
    chosen = -_negative(theta, table_of(plain([2]), [(0, 1, 2)], 3))[0]

    assert chosen == pytest.approx(0.9 - np.log(np.exp(theta).sum()), abs=1e-12)


def test_the_gradient_is_that_of_the_likelihood():
    stages = table_of([[[0, 2], [1]], [[3], [1, 2, 0]], [[1], [3]]], [(0, 1, 2, 3), (0, 1, 2, 3), (1, 3)])
    at = np.array([0.2, -0.7, 0.4, 0.1])

    assert check_grad(lambda x: _negative(x, stages)[0], lambda x: _negative(x, stages)[1], at) < 1e-5


def test_planted_worths_come_back():
    rng = np.random.default_rng(3)
    theta = np.array([1.0, 0.3, -0.2, -1.1])
    orders = [np.argsort(-(theta + rng.gumbel(size=4))).tolist() for _ in range(1500)]
    found = plackett_luce(plain(*orders), 4)

    assert found.theta == pytest.approx(theta, abs=0.12)
    assert np.abs(found.theta - theta).max() < 4 * found.se.max()


def test_who_is_always_first_has_no_finite_worth():
    with pytest.raises(NotConnected):
        plackett_luce(plain([0, 1, 2], [0, 2, 1]), 3)
    found = plackett_luce(plain([0, 1, 2], [0, 2, 1]), 3, pseudo=0.01)
    assert (found.connected, int(found.theta.argmax())) == (False, 0)


@pytest.mark.parametrize("ranking", [[[0], [0]], [[0], [7]], [list(range(10))]])
def test_rankings_that_cannot_be(ranking):
    with pytest.raises(ValueError, match="names each|numbered|tie"):
        plackett_luce([ranking], 4 if len(ranking) > 1 else 10)
