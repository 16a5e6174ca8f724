from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.routing.issues import fit_head, influence, label_issues
from curation.numerics.routing.planning import Prices, affordable, items_for, label_worth, plan


def test_a_sum_of_money_buys_strong_labels_first_and_weak_ones_for_the_rest():
    assert affordable(1000, 0.5, strong=10, weak=1) == (50, 500)
    assert affordable(1000, 1, strong=10, weak=1) == (100, 0)


def test_what_a_weak_label_is_worth():
    assert label_worth(0.75, 0.95) == pytest.approx(0.308642, abs=1e-6)
    assert label_worth(0.5, 0.95) == 0
    assert label_worth(0.95, 0.9) == 1


def test_every_place_of_the_slider_has_its_count_hours_and_cost():
    prices = Prices(person=0.5, model=0.01, seconds=36, overlap=2)

    none, half, everything = plan(100, prices, [0, 0.5, 1], ask_models=False, person=0.95, model=0.75)

    assert (none.people, none.models, none.hours, none.cost) == (0, 100, 0, pytest.approx(1))
    assert (half.people, half.judgments, half.hours, half.cost) == (50, 100, 1, pytest.approx(50.5))
    assert (everything.models, everything.cost, everything.effective) == (0, pytest.approx(100), 100)
    assert none.effective == pytest.approx(30.8642, abs=1e-3)


@given(
    money=st.floats(0, 1e4),
    items=st.integers(0, 500),
    person=st.floats(0.01, 5),
    overlap=st.integers(1, 4),
    both=st.booleans(),
)
def test_a_sum_of_money_is_never_passed_and_never_left_idle(money, items, person, overlap, both):
    prices = Prices(person=person, model=0.001, seconds=30, overlap=overlap)
    people = items_for(money, "money", items=items, prices=prices, ask_models=both)

    def cost(count):
        return count * person * overlap + (items if both else items - count) * 0.001

    assert 0 <= people <= items
    assert people == 0 or cost(people) <= money + 1e-6
    assert people == items or cost(people + 1) > money - 1e-6


def test_a_budget_is_a_number_or_a_share_as_well():
    prices = Prices(person=1, model=0, seconds=1)

    assert items_for(30, "items", items=20, prices=prices, ask_models=True) == 20
    assert items_for(25, "share", items=20, prices=prices, ask_models=True) == 5
    for wrong in [(-1, "items"), (101, "share"), (1, "wishes")]:
        with pytest.raises(ValueError, match="budget|share"):
            items_for(*wrong, items=20, prices=prices, ask_models=True)


def test_influence_is_what_leaving_one_out_does():
    rng = np.random.default_rng(3)
    truth = np.array([1.0, -1.0, 0.5])
    rows = rng.normal(size=(50, 3))
    oriented = rows * np.where(rng.random(50) < 0.85, 1, -1)[:, None] * np.sign(rows @ truth)[:, None]
    gold = rng.normal(size=(40, 3))
    gold = gold * np.sign(gold @ truth)[:, None]

    def loss(theta):
        return np.logaddexp(0, -gold @ theta).sum()

    falls = [
        loss(fit_head(oriented)) - loss(fit_head(np.delete(oriented, place, axis=0))) for place in range(50)
    ]

    assert np.corrcoef(falls, influence(oriented, gold))[0, 1] > 0.95


def test_the_one_turned_label_is_the_most_suspicious():
    features = np.concatenate([np.linspace(0.5, 3, 30), -np.linspace(0.5, 3, 30)])[:, None]
    labels = np.sign(features[:, 0])
    labels[25] = -labels[25]
    found = label_issues(features, labels, np.arange(60), features[::7], np.sign(features[::7, 0]))

    assert int(np.argmax(found.score)) == 25
    assert found.influence[25] > 0
    assert found.confidence[25] < 0.5


def test_turning_pairs_around_changes_no_issue():
    rng = np.random.default_rng(1)
    features, labels = rng.normal(size=(40, 2)), rng.choice([-1.0, 1.0], size=40)
    gold, truth = rng.normal(size=(10, 2)), rng.choice([-1.0, 1.0], size=10)
    groups = np.arange(40) // 2
    turned = np.where(rng.random(40) < 0.5, -1.0, 1.0)

    one = label_issues(features, labels, groups, gold, truth)
    other = label_issues(features * turned[:, None], labels * turned, groups, gold, truth)

    np.testing.assert_allclose(one.score, other.score)


def test_a_label_that_is_none_is_refused():
    with pytest.raises(ValueError, match="−1 or 1"):
        label_issues(np.ones((2, 1)), np.array([0.0, 1.0]), np.arange(2), np.ones((1, 1)), np.ones(1))
