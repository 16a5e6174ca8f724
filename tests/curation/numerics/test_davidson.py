"""Worths from pairs with ties: published data, closed forms and an independent maximum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from curation.numerics.davidson import NotConnected, davidson, is_connected, resampled

# Stigler's citations between journals of statistics, as in Agresti, "Categorical data analysis".
CITATIONS = [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]
# Davidson 1970, chocolate puddings: two of six, how often the one won, the other, and neither.
PUDDINGS = """12:19/22/16 13:16/19/12 23:19/19/10 14:18/23/13 24:23/19/9 34:19/20/15 15:13/19/18 25:16/20/12
35:16/15/17 45:17/14/16 16:18/21/12 26:22/20/12 36:13/18/10 46:14/19/18 56:11/21/12"""


def puddings():
    wins, ties = np.zeros((6, 6)), np.zeros((6, 6))
    for entry in PUDDINGS.split():
        pair, counts = entry.split(":")
        one, other = (int(digit) - 1 for digit in pair)
        wins[one, other], wins[other, one], level = (int(number) for number in counts.split("/"))
        ties[one, other] = ties[other, one] = level
    return wins, ties


def test_three_wins_to_one():
    found = davidson([[0, 3], [1, 0]])

    assert found.theta[0] - found.theta[1] == pytest.approx(np.log(3), abs=1e-9)
    assert found.nu == 0.0


def test_the_citations_of_statisticians():
    found = davidson(CITATIONS)
    against = found.theta - found.theta[0]
    c = found.covariance
    se = np.sqrt(np.diag(c) + c[0, 0] - 2 * c[0])

    assert against == pytest.approx([0, -2.94907, -0.47957, 0.26895], abs=1e-5)
    assert se[1:] == pytest.approx([0.10255, 0.06059, 0.07083], abs=1e-5)


def test_the_puddings_of_davidson():
    found = davidson(*puddings())

    assert found.share == pytest.approx([0.1388, 0.1730, 0.16175, 0.16537, 0.15869, 0.20239], abs=1e-5)
    assert found.nu == pytest.approx(0.74682, abs=1e-5)


def test_two_items_have_a_closed_form():
    found = davidson([[0, 6], [2, 0]], [[0, 4], [4, 0]])

    assert np.exp(found.theta[0] - found.theta[1]) == pytest.approx(3)
    assert found.nu == pytest.approx(4 / np.sqrt(12))


def test_it_is_the_maximum_that_a_general_search_finds():
    wins, ties = puddings()

    def negative(at):
        theta, nu = np.append(0.0, at[:-1]), np.exp(at[-1])
        total = 0.0
        for one in range(6):
            for other in range(one + 1, 6):
                a, b = np.exp(theta[one]), np.exp(theta[other])
                z = a + b + nu * np.sqrt(a * b)
                total += wins[one, other] * np.log(a / z) + wins[other, one] * np.log(b / z)
                total += ties[one, other] * np.log(nu * np.sqrt(a * b) / z)
        return -total

    searched = minimize(negative, np.zeros(6), method="BFGS")
    found = davidson(wins, ties)

    assert found.theta - found.theta[0] == pytest.approx(np.append(0, searched.x[:-1]), abs=1e-4)
    assert found.loglik == pytest.approx(-searched.fun, abs=1e-6)


def test_who_never_loses_has_no_finite_worth():
    unbeaten = [[0, 5, 5], [0, 0, 2], [0, 1, 0]]

    assert not is_connected(unbeaten)
    with pytest.raises(NotConnected):
        davidson(unbeaten)
    with pytest.raises(NotConnected):
        davidson(np.kron(np.eye(2), [[0, 1], [1, 0]]))
    found = davidson(unbeaten, pseudo=0.01)
    assert not found.connected
    assert found.theta[0] == found.theta.max()
    assert np.isfinite(found.se).all()


@pytest.mark.parametrize(
    ("wins", "ties"),
    [([[0, 1]], None), ([[0, -1], [1, 0]], None), ([[0, 1], [1, 0]], [[0, 2], [1, 0]]), ([[0]], None)],
)
def test_counts_that_cannot_be(wins, ties):
    with pytest.raises(ValueError, match="Counts|Wins"):
        davidson(wins, ties)


def test_judges_drawn_again_spread_about_as_the_standard_error_says():
    rng = np.random.default_rng(5)
    theta = np.array([0.6, 0.0, -0.6])
    chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    wins = np.zeros((60, 3, 3))
    for judge in range(60):
        for one, other in ((0, 1), (0, 2), (1, 2)):
            won = rng.binomial(4, chance[one, other])
            wins[judge, one, other], wins[judge, other, one] = won, 4 - won
    found = davidson(wins.sum(axis=0))
    drawn = resampled(wins, np.zeros_like(wins), pseudo=0.01, seed=1, resamples=400)

    assert drawn.shape == (400, 3)
    assert drawn.std(axis=0) == pytest.approx(found.se, rel=0.35)
    assert np.array_equal(drawn, resampled(wins, np.zeros_like(wins), pseudo=0.01, seed=1, resamples=400))
