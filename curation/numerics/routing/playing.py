"""A replay from records to figures: the campaign is put together, played by every policy, and summed up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.curves import GRID, evaluate
from curation.numerics.routing.measures import measure_pairs
from curation.numerics.routing.replay import (
    ALWAYS,
    POLICIES,
    Campaign,
    labels_used,
    policy_order,
    reward_accuracy,
)
from curation.numerics.routing.table import PairRecord, RoutingTable, routing_table
from curation.numerics.routing.verdict import replay_verdict, reward_verdict
from curation.numerics.threads import one_matrix_thread

# Texts to unit vectors, (n, d). Handed in by whoever may load a model.
Embed = Callable[[Sequence[str]], Any]

REWARD_BUDGETS = tuple(float(step) / 10 for step in range(11))


def campaign_of(
    records: Sequence[PairRecord],
    human: Sequence[int],
    *,
    main: str,
    rules: Sequence[str],
    embed: Embed | None = None,
) -> Campaign:
    """Pairs with the labels of people and of the main judge, ready to be played again."""
    table = routing_table(records, main=main)
    people = np.array(human, dtype=np.int8)
    return Campaign(
        human=people,
        model=table.main.astype(np.int8),
        wrong=table.main != people,
        groups=table.groups,
        features=table.features,
        names=table.names,
        uncertainty=table.uncertainty,
        disagreement=table.disagreement,
        rules=rule_points(table, rules),
        tags=table.tags,
        vectors=None if embed is None else pair_vectors(records, embed),
    )


def rule_points(table: RoutingTable, rules: Sequence[str]) -> NDArray[np.float64]:
    """How many of the rules' tags each pair carries."""
    places = [place for place, name in enumerate(table.schema.names) if name in set(rules)]
    return np.asarray(table.tags[:, places].sum(axis=1), dtype=np.float64)


def pair_vectors(records: Sequence[PairRecord], embed: Embed) -> NDArray[np.float32]:
    """Embedding of the second response minus that of the first, and the difference in log length."""
    texts = [text for record in records for text in (record.first, record.second)]
    vectors = np.asarray(embed(texts), dtype=np.float32).reshape(len(records), 2, -1)
    firsts, seconds = [one.first for one in records], [one.second for one in records]
    lean = measure_pairs([""] * len(records), firsts, seconds).lean_length
    return np.column_stack([vectors[:, 1] - vectors[:, 0], lean.astype(np.float32)])


@one_matrix_thread()
def replay(
    campaign: Campaign,
    *,
    policies: Sequence[str] | None,
    budget: float | None,
    seeds: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The replay as plain data: a curve of label accuracy for each policy, and under ``verdict`` what they
    say together. There ``areas`` has each area's interval and the labels that a policy had beyond its budget,
    and ``reward_curves``, where there are embeddings, the accuracy of the proxy reward model by budget.
    ``tick`` is called after each piece of it."""
    wanted = set(policies or POLICIES) | set(ALWAYS)
    if campaign.vectors is None:
        wanted.discard("mixture")
    names = [name for name in POLICIES if name in wanted]

    def order(name: str, seed: int) -> NDArray[np.int64]:
        tick()
        return policy_order(campaign, name, seed=seed)

    orders = {name: np.array([order(name, seed) for seed in range(seeds)]) for name in names}
    found = evaluate(orders, campaign.wrong, campaign.groups, grid=GRID if budget is None else (budget,))
    result: dict[str, Any] = {"items": len(campaign.wrong), "seeds": seeds, "policies": {}}
    for name in names:
        curve = found.curves[name]
        result["policies"][name] = {
            "budget": list(curve.budget),
            "accuracy": list(curve.accuracy),
            "low": list(curve.low),
            "high": list(curve.high),
            "auc": round(curve.auc, 6),
        }
    verdict = result["verdict"] = replay_verdict(found)
    verdict["areas"] = {
        name: {
            "low": round(found.curves[name].auc_low, 6),
            "high": round(found.curves[name].auc_high, 6),
            "labels_used": labels_used(campaign, name),
        }
        for name in names
    }
    if campaign.vectors is not None:
        budgets = REWARD_BUDGETS if budget is None else (budget,)
        rewards = [
            reward_accuracy(campaign, {name: orders[name][seed] for name in names}, budgets, seed=seed)
            for seed in range(seeds)
        ]
        accuracy = {name: np.array([one[name] for one in rewards]) for name in names}
        verdict["reward_curves"] = {name: _band(budgets, accuracy[name]) for name in names}
        verdict["reward"] = reward_verdict(budgets, accuracy, verdict["best_simple"])
    return result


def _band(budgets: Sequence[float], values: NDArray[np.float64]) -> dict[str, list[float]]:
    low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)

    def plain(numbers: NDArray[np.float64]) -> list[float]:
        return [round(float(one), 6) for one in numbers]

    return {
        "budget": list(budgets),
        "accuracy": plain(values.mean(axis=0)),
        "low": plain(low),
        "high": plain(high),
    }
