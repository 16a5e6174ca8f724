"""A campaign played again on pairs that people *and* models have judged, to see what a policy would have
bought.

Honest by construction: ``learned`` ranks a pair by a router that saw no judgment on its prompt, and says how
many labels of people it was trained on; ``learned_live`` starts with none and pays for every label it learns
from out of the budget. Only ``oracle`` looks at what it is judged by: it is the bound, not a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.learned import cross_fit, fit_router, prompt_folds
from curation.numerics.routing.mixtures import count_tags, draw_mixtures, mixed_labels
from curation.numerics.routing.prediction import fit_performance
from curation.numerics.routing.proxies import fit_proxies, score_proxies
from curation.numerics.routing.schema import Tags

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POLICIES = (
    "random",
    "everyone",
    "uncertainty",
    "disagreement",
    "rules",
    "learned",
    "learned_live",
    "mixture",
    "oracle",
)
SIMPLE = ("random", "everyone", "uncertainty", "disagreement", "rules")
ALWAYS = ("random", "oracle")
FOLDS = 10
# A live campaign begins with this share at random, and learns anew after each further share.
LIVE_START, LIVE_STEP, LIVE_AUDIT = 0.05, 0.05, 0.1
# Fewer than a policy is trained on: this is done for every seed.
MIXTURES = 120
LEAST_FOR_MIXTURES = 60


@dataclass(frozen=True, slots=True)
class Campaign:
    """n pairs with both kinds of label.

    ``human``, ``model``: +1 the second is better, −1 the first, 0 neither is (tie). ``wrong``: the model's
    verdict is not the people's. ``features`` (n, F) for the learned router. ``uncertainty``, ``disagreement``
    and ``rules`` (n,): higher goes to people first. ``tags`` (n, T). ``vectors`` (n, d): embedding of the
    second response minus that of the first, or None where there are none.
    """

    human: NDArray[np.int8]
    model: NDArray[np.int8]
    wrong: NDArray[np.bool_]
    groups: Ints
    features: Floats
    names: tuple[str, ...]
    uncertainty: Floats
    disagreement: Floats
    rules: Floats
    tags: Tags
    vectors: NDArray[np.float32] | None = None


def order_by(worth: Floats, *, seed: int) -> Ints:
    """Pairs from the highest worth down; equal ones in an order drawn from the seed."""
    lot = np.random.default_rng([seed, 11]).random(len(worth))
    return np.asarray(np.lexsort((lot, -np.where(np.isfinite(worth), worth, -np.inf))), dtype=np.int64)


def policy_order(campaign: Campaign, policy: str, *, seed: int) -> Ints:
    """The order in which a policy would send the pairs to people, (n,). Raises KeyError for no policy."""
    n = len(campaign.wrong)
    if policy == "everyone":
        return np.arange(n, dtype=np.int64)
    if policy == "learned_live":
        return live_order(campaign, seed=seed)
    worth: dict[str, Callable[[], Floats]] = {
        "random": lambda: np.zeros(n),
        "uncertainty": lambda: campaign.uncertainty,
        "disagreement": lambda: campaign.disagreement,
        "rules": lambda: campaign.rules,
        "learned": lambda: cross_fit(
            campaign.features, campaign.wrong, campaign.groups, folds=FOLDS, seed=seed
        ),
        "mixture": lambda: mixture_worth(campaign, seed=seed),
        "oracle": lambda: campaign.wrong.astype(np.float64),
    }
    return order_by(worth[policy](), seed=seed)


def live_order(campaign: Campaign, *, seed: int) -> Ints:
    """A campaign without any label to start with: at first at random, then by a router trained on what was
    bought so far, with a tenth of each step at random to keep it honest."""
    n = len(campaign.wrong)
    rng = np.random.default_rng([seed, 23])
    bought = list(rng.permutation(n)[: max(int(np.ceil(LIVE_START * n)), min(n, 10))])
    step = max(int(np.ceil(LIVE_STEP * n)), 1)
    open_ = np.ones(n, dtype=np.bool_)
    open_[bought] = False
    while open_.any():
        router = fit_router(
            campaign.features[bought], campaign.wrong[bought], campaign.groups[bought], campaign.names
        )
        # Until something is learned all have the same probability, and the judges' own doubt decides.
        worth = router.probability(campaign.features) + 1e-6 * campaign.uncertainty
        order = [place for place in order_by(worth, seed=seed) if open_[place]]
        drawn = int(round(LIVE_AUDIT * min(step, len(order))))
        taken = order[: min(step, len(order)) - drawn]
        rest = [place for place in order if place not in set(taken)]
        taken += [rest[place] for place in rng.permutation(len(rest))[:drawn]]
        bought += taken
        open_[taken] = False
    return np.array(bought, dtype=np.int64)


def mixture_worth(campaign: Campaign, *, seed: int) -> Floats:
    """Expected gain by the performance prediction model, cross-fitted: the mixtures of one half of the
    prompts say what the tags of the other are worth. All 0 where the model refuses to route, where there are
    no embeddings, or too few pairs."""
    worth = np.zeros(len(campaign.wrong))
    if campaign.vectors is None or len(worth) < LEAST_FOR_MIXTURES:
        return worth
    half = prompt_folds(campaign.groups, folds=2, seed=seed)
    for number in (0, 1):
        seen = np.flatnonzero(half == number)
        part = prompt_folds(campaign.groups[seen], folds=3, seed=seed)
        train, gold = seen[part != 0], seen[(part == 0)]
        gold = gold[campaign.human[gold] != 0]
        if len(train) < LEAST_FOR_MIXTURES // 3 or not len(gold):
            continue
        tags = campaign.tags[train]
        masks = draw_mixtures(tags, count=MIXTURES, seed=seed)
        labels = mixed_labels(masks, campaign.human[train], campaign.model[train])
        scores = score_proxies(
            fit_proxies(campaign.vectors[train], labels), campaign.vectors[gold], campaign.human[gold]
        )
        counts = count_tags(masks, tags)
        found = fit_performance(counts, scores.likelihood, size=len(train), seed=seed)
        if found.routes:
            rest = half != number
            worth[rest] = campaign.tags[rest].astype(np.float64) @ found.model.slope(counts.mean(axis=0))
    return worth


def labels_used(campaign: Campaign, policy: str) -> int:
    """Labels of people that a policy was trained on beyond its budget."""
    n = len(campaign.wrong)
    return {"learned": n - n // FOLDS, "mixture": n // 2, "oracle": n}.get(policy, 0)


def reward_accuracy(
    campaign: Campaign, orders: dict[str, Ints], budgets: Sequence[float], *, seed: int
) -> dict[str, Floats]:
    """Accuracy of a reward head on held-out human labels, trained on each policy's labels at each budget.

    Three tenths of the prompts are held out; every policy meets the same ones. Raises ValueError without
    embeddings.
    """
    if campaign.vectors is None:
        raise ValueError("Reward accuracy needs embeddings.")
    part = prompt_folds(campaign.groups, folds=10, seed=seed)
    train, gold = np.flatnonzero(part >= 3), np.flatnonzero((part < 3) & (campaign.human != 0))
    place = np.full(len(part), -1)
    place[train] = np.arange(len(train))
    masks = []
    for ordered in orders.values():
        kept = place[ordered][place[ordered] >= 0]
        for budget in budgets:
            mask = np.zeros(len(train), dtype=np.bool_)
            mask[kept[: round(budget * len(train))]] = True
            masks.append(mask)
    labels = mixed_labels(np.array(masks), campaign.human[train], campaign.model[train])
    scores = score_proxies(
        fit_proxies(campaign.vectors[train], labels), campaign.vectors[gold], campaign.human[gold]
    ).accuracy
    wide = len(budgets)
    return {name: scores[row * wide : (row + 1) * wide] for row, name in enumerate(orders)}
