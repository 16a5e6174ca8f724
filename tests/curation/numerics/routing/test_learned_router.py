from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.routing.allocation import Why, allocate
from curation.numerics.routing.curves import accuracy_curve, area, evaluate
from curation.numerics.routing.evidence import JudgeEvidence, disagreement, standing, uncertainty
from curation.numerics.routing.learned import Router, cross_fit, fit_router, prompt_folds
from curation.numerics.routing.replay import POLICIES, Campaign, policy_order, reward_accuracy
from curation.numerics.routing.verdict import replay_verdict, reward_verdict


def campaign(*, n=400, seed=0, vectors=False):
    """Two features say where the model errs, two say nothing; four pairs to a prompt."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 4))
    wrong = rng.random(n) < 1 / (1 + np.exp(1.5 - 1.5 * features[:, 0] + features[:, 1]))
    human = rng.choice([-1, 1], size=n).astype(np.int8)
    direction = rng.normal(size=6)
    embedded = rng.normal(size=(n, 6)).astype(np.float32)
    if vectors:
        human = np.where(embedded @ direction > 0, 1, -1).astype(np.int8)
    return Campaign(
        human=human,
        model=np.where(wrong, -human, human).astype(np.int8),
        wrong=wrong,
        groups=np.arange(n) // 4,
        features=features,
        names=("a", "b", "c", "d"),
        uncertainty=rng.random(n),
        disagreement=rng.random(n),
        rules=np.zeros(n),
        tags=(features > 0).astype(np.uint8),
        vectors=embedded if vectors else None,
    )


def evidence(main, panel=(), **fields):
    n = len(main)
    plain = {
        "flipped": np.full(n, np.nan),
        "confidence": np.full(n, np.nan),
        "first": np.arange(n),
        "second": np.arange(n) + n,
        "groups": np.zeros(n, dtype=np.int64),
    }
    columns = np.array(panel, dtype=float).reshape(-1, n).T
    return JudgeEvidence(main=np.array(main, dtype=float), panel=columns, **(plain | fields))


def test_disagreement_counts_those_who_said_something_else():
    found = disagreement(evidence([1, 1, 0], [[1, -1, 0], [1, 1, np.nan]]))

    assert found.tolist() == [0, 0.5, 0]


def test_without_another_judge_disagreement_is_unknown_and_doubt_decides():
    judged = evidence([1, -1], confidence=np.array([0.5, 1.0]))

    assert np.isnan(disagreement(judged)).all()
    assert uncertainty(judged).tolist() == [1, 0]


def test_a_response_stands_by_its_other_verdicts():
    # Three responses to one prompt: 0 beats 1 and 2, and then 1 against 0 goes to 1 in the last pair.
    judged = evidence([-1, -1, 1], first=np.array([0, 0, 0]), second=np.array([1, 2, 3]))

    # For the third pair the first response has won twice elsewhere, the other was never seen.
    assert standing(judged.main, judged)[2] == pytest.approx(-2 / 3)


def test_the_router_finds_what_says_where_the_model_errs():
    world = campaign(n=2000)
    router = fit_router(world.features, world.wrong, world.groups, world.names)
    stored = Router.from_json(json.loads(json.dumps(router.as_json())))

    assert router.weights[0] > 1
    assert router.weights[1] < -0.6
    assert np.abs(router.weights[2:]).max() < 0.2
    assert router.reasons(np.array([2.0, 0, 0, 0]))[0][0] == "a"
    assert np.array_equal(stored.probability(world.features), router.probability(world.features))


def test_its_probabilities_are_calibrated():
    world = campaign(n=4000)
    probability = cross_fit(world.features, world.wrong, world.groups)

    for low in np.arange(0, 0.8, 0.2):
        part = (probability >= low) & (probability < low + 0.2)
        assert world.wrong[part].mean() == pytest.approx(probability[part].mean(), abs=0.06)


def test_nothing_is_learned_from_a_handful():
    world = campaign(n=12)

    assert not fit_router(world.features, world.wrong, world.groups, world.names).weights.any()


def test_a_fold_holds_whole_prompts():
    groups = np.repeat(np.arange(30), 3)
    folds = prompt_folds(groups, folds=5, seed=3)

    assert all(len(set(folds[groups == group])) == 1 for group in range(30))
    assert np.bincount(folds).tolist() == [18] * 5


def test_no_pair_is_ranked_by_a_judgment_on_its_own_prompt():
    world = campaign(n=200)
    turned = world.wrong.copy()
    turned[:4] = ~turned[:4]

    before = cross_fit(world.features, world.wrong, world.groups, seed=1)
    after = cross_fit(world.features, turned, world.groups, seed=1)

    assert np.array_equal(before[:4], after[:4])
    assert not np.array_equal(before[4:], after[4:])


def test_the_curve_worked_out_by_hand():
    spent, accuracy = accuracy_curve(np.array([1, 0, 2, 3]), np.array([False, True, False, True]), np.ones(4))

    assert spent.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert accuracy.tolist() == [0.5, 0.75, 0.75, 0.75, 1]
    assert area(spent, accuracy) == pytest.approx(0.75)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_orders_all_pairs_and_the_same_seed_the_same(policy):
    world = campaign(n=120, vectors=True)
    order = policy_order(world, policy, seed=4)

    assert sorted(order) == list(range(120))
    assert np.array_equal(order, policy_order(world, policy, seed=4))


def test_the_learned_router_lies_between_random_and_the_oracle():
    world = campaign(n=800)
    names = ("random", "learned", "learned_live", "oracle")
    found = evaluate(
        {name: np.array([policy_order(world, name, seed=seed) for seed in range(4)]) for name in names},
        world.wrong,
        world.groups,
    )
    verdict = replay_verdict(found)

    assert found.difference("learned", "random").told == "better"
    assert found.difference("learned_live", "random").told == "better"
    assert found.difference("oracle", "learned").told == "better"
    assert found.difference("learned", "learned").told == "unclear"
    assert 0 < verdict["gap_closed"]["learned_live"] <= verdict["gap_closed"]["learned"] < 1
    assert "beats" in verdict["words"]
    for curve in found.curves.values():
        assert curve.accuracy[0] == pytest.approx(1 - world.wrong.mean(), abs=1e-6)
        assert curve.accuracy[-1] == 1
        assert all(low <= high for low, high in zip(curve.low, curve.high, strict=True))


def test_better_labels_make_a_better_reward_head():
    world = campaign(n=900, vectors=True)
    orders = {
        "oracle": policy_order(world, "oracle", seed=0),
        "random": policy_order(world, "random", seed=0),
    }
    found = reward_accuracy(world, orders, [0.0, 0.3, 1.0], seed=0)

    assert found["oracle"][0] == found["random"][0]
    assert found["oracle"][2] == found["random"][2]
    assert found["oracle"][1] > found["random"][1]


def test_reward_heads_are_compared_on_the_same_seeds():
    luck = np.random.default_rng(0).normal(size=20)[:, None] * np.ones((1, 3))
    random = 0.6 + luck
    told = reward_verdict(
        [0.0, 0.5, 1.0],
        {"random": random, "uncertainty": random + 0.01, "learned": random + np.array([0.0, 0.1, 0.0])},
        "uncertainty",
    )

    assert list(told) == ["learned - random", "learned - uncertainty"]
    assert told["learned - random"] == {"value": 0.05, "low": 0.05, "high": 0.05, "verdict": "better"}
    assert told["learned - uncertainty"]["value"] == 0.04
    single = reward_verdict([0.2], {"random": luck[:, :1], "learned": -luck[:, :1]}, "random")
    assert single["learned - random"]["verdict"] == "unclear"


@settings(max_examples=80, deadline=None)
@given(n=st.integers(0, 40), audit=st.floats(0, 1), seed=st.integers(0, 99), data=st.data())
def test_an_allocation_spends_its_budget_and_knows_its_probabilities(n, audit, seed, data):
    rng = np.random.default_rng(seed)
    required = rng.random(n) < data.draw(st.floats(0, 1))
    budget = data.draw(st.integers(0, n))

    found = allocate(rng.random(n), required, budget=budget, audit=audit, seed=seed)

    assert found.people.sum() == budget
    # The chances of all pairs add up to what is spent: none is asked for nothing, none is asked twice.
    assert found.probability.sum() == pytest.approx(budget)
    assert (required & found.people).sum() == min(required.sum(), budget)
    assert all((reason == Why.LEFT) != asked for reason, asked in zip(found.why, found.people, strict=True))


def test_an_audit_is_drawn_from_all_that_is_left_to_models():
    worth = np.arange(100.0)
    drawn = np.zeros(100)
    for seed in range(300):
        found = allocate(worth, np.zeros(100, dtype=bool), budget=20, audit=0.5, seed=seed)
        drawn += found.people
        assert np.unique(found.probability).tolist() == pytest.approx([10 / 90, 1.0])

    assert drawn[90:].tolist() == [300] * 10
    assert drawn[:90].mean() / 300 == pytest.approx(10 / 90)
    assert drawn[:90].min() > 10
