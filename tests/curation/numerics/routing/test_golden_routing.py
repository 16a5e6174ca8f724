"""Cases worked out by hand, and a world in which it is known who errs where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.routing.mixtures import count_tags, draw_mixtures, mixed_labels
from curation.numerics.routing.prediction import PerformanceModel, fit_performance, gains, spearman
from curation.numerics.routing.proxies import fit_proxies, score_proxies
from curation.numerics.routing.search import Region, best_gains, best_mixture


def linear(*weights):
    return PerformanceModel("linear", np.array(weights), np.zeros((len(weights), len(weights))))


def test_the_gain_of_a_pair_is_the_sum_of_its_tags():
    gain = gains(linear(0.2, -0.1), np.array([[1, 0], [1, 1], [0, 1]], dtype=np.uint8))

    assert gain == pytest.approx([0.2, 0.1, -0.1])
    assert best_gains(gain, 1).tolist() == [True, False, False]
    assert best_gains(gain, 3, only_positive=True).tolist() == [True, True, False]


def test_a_quadratic_gain_has_squares_and_products():
    model = PerformanceModel("quadratic", np.array([2.0, 3.0]), np.array([[-1.0, 1.0], [0.0, 0.0]]))

    assert gains(model, np.array([[1, 1], [1, 0], [0, 1]], dtype=np.uint8)).tolist() == [5.0, 1.0, 3.0]


def test_the_slope_is_what_one_more_pair_adds():
    model = PerformanceModel("quadratic", np.array([2.0, 3.0]), np.array([[-1.0, 1.0], [0.0, 0.0]]), size=1e6)
    counts = np.array([[10.0, 20.0], [11.0, 20.0]])
    scores = model.score(counts)

    assert model.slope(counts[0])[0] == pytest.approx(scores[1] - scores[0], rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 30), width=st.integers(0, 6), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_a_mixture_holds_exactly_its_budget_and_counts_are_a_product(n, width, seed, data):
    tags = np.random.default_rng(seed).integers(0, 2, size=(n, width)).astype(np.uint8)
    budget = data.draw(st.integers(0, n))

    masks = draw_mixtures(tags, count=5, seed=seed, budgets=budget)

    assert masks.sum(axis=1).tolist() == [budget] * 5
    assert np.array_equal(masks, draw_mixtures(tags, count=5, seed=seed, budgets=budget))
    assert np.array_equal(count_tags(masks, tags), [tags[mask].sum(axis=0) for mask in masks])


def test_an_all_human_mixture_has_the_column_sums():
    tags = np.random.default_rng(1).integers(0, 2, size=(40, 7)).astype(np.uint8)

    assert np.array_equal(
        count_tags(draw_mixtures(tags, count=1, seed=0, budgets=40), tags)[0], tags.sum(axis=0)
    )


@pytest.mark.parametrize("budget", [-1, 4])
def test_a_budget_beyond_the_pairs_is_refused(budget):
    with pytest.raises(ValueError, match="between 0 and 3"):
        draw_mixtures(np.ones((3, 1), dtype=np.uint8), count=1, seed=0, budgets=budget)


def planted_world(*, n=3000, tagged=0.4, tagged_share=0.25, seed=0, equal=False):
    """Pairs of known direction; models err on 40 % of those with tag 0 and on 5 % of the others."""
    rng = np.random.default_rng(seed)
    tags = rng.integers(0, 2, size=(n, 8)).astype(np.uint8)
    tags[:, 0] = rng.random(n) < tagged_share
    direction = rng.normal(size=24)
    features = rng.normal(size=(n, 24)).astype(np.float32)
    human = np.where(features @ direction > 0, 1, -1).astype(np.int8)
    errs = rng.random(n) < np.where(tags[:, 0] == 1, tagged, 0.05)
    model = human.copy() if equal else np.where(errs, -human, human).astype(np.int8)
    gold = rng.normal(size=(1500, 24)).astype(np.float32)
    return tags, features, human, model, gold, np.where(gold @ direction > 0, 1, -1).astype(np.int8)


def test_the_planted_world_is_found():
    tags, features, human, model, gold, truth = planted_world()
    masks = draw_mixtures(tags, count=250, seed=1)
    counts = count_tags(masks, tags)
    heads = fit_proxies(features, mixed_labels(masks, human, model))
    scores = score_proxies(heads, gold, truth)

    found = fit_performance(counts, scores.likelihood, size=len(tags), seed=0)
    linear_fit = fit_performance(counts, scores.likelihood, size=len(tags), seed=0, kinds=("linear",))
    budget = int(tags[:, 0].sum())
    region = Region.of(counts, size=len(tags))
    best = best_mixture(found.model, region, tags, budget=budget, seed=2)
    labels = mixed_labels(
        np.vstack(
            [best.chosen, *draw_mixtures(np.ones((len(tags), 1), np.uint8), count=20, seed=3, budgets=budget)]
        ),
        human,
        model,
    )
    routed, *at_random = score_proxies(fit_proxies(features, labels), gold, truth).accuracy

    assert found.routes
    assert heads.converged
    assert int(np.argmax(linear_fit.model.linear)) == 0
    assert best.leverage <= best.most
    assert best.chosen.sum() == budget
    assert routed > max(at_random)
    assert (model[best.chosen] != human[best.chosen]).mean() > 2 * (model != human).mean()


def test_people_and_models_who_always_agree_leave_nothing_to_route():
    tags, features, human, model, gold, truth = planted_world(n=600, equal=True)
    masks = draw_mixtures(tags, count=60, seed=1)
    scores = score_proxies(fit_proxies(features, mixed_labels(masks, human, model)), gold, truth)

    assert np.unique(scores.accuracy).size == 1
    assert not fit_performance(count_tags(masks, tags), scores.accuracy, size=600).routes


def test_noise_is_refused():
    rng = np.random.default_rng(5)
    refused = [
        not fit_performance(rng.random((120, 12)) * 100, rng.normal(size=120), size=100, seed=seed).routes
        for seed in range(10)
    ]

    assert sum(refused) >= 9


def test_ranks_of_ties_are_their_mean():
    assert spearman(np.array([1.0, 2, 2, 3]), np.array([1.0, 2, 3, 4])) == pytest.approx(0.9486832980505138)
    assert np.isnan(spearman(np.ones(4), np.arange(4.0)))


def test_heads_fitted_together_are_heads_fitted_alone():
    tags, features, human, model, *_ = planted_world(n=500)
    labels = mixed_labels(draw_mixtures(tags, count=4, seed=0), human, model)
    together = fit_proxies(features, labels).weights

    for place in range(4):
        alone = fit_proxies(features, labels[place : place + 1]).weights[:, 0]
        assert together[:, place] == pytest.approx(alone, rel=0.01, abs=5e-3)


def test_turning_every_pair_around_leaves_the_heads_alone():
    tags, features, human, model, *_ = planted_world(n=400)
    labels = mixed_labels(draw_mixtures(tags, count=3, seed=0), human, model)

    assert fit_proxies(-features, -labels).weights == pytest.approx(
        fit_proxies(features, labels).weights, abs=1e-5
    )
