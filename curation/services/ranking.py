"""What a policy thinks of items that wait for a route: their worth, their gain, and the words for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.enums import PolicyKind
from curation.models import Policy
from curation.selectors.evidence import project_evidence
from curation.selectors.policies import PolicySettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.numerics.routing.learned import Router
    from curation.numerics.routing.prediction import PerformanceModel
    from curation.numerics.routing.search import Region
    from curation.numerics.routing.table import RoutingTable

# Up to so many items, only the pairs on their own prompts are read beside them.
FEW = 500


@dataclass(frozen=True, slots=True)
class Ranking:
    """n waiting items, in the order they were given. ``worth``: higher goes to people first. ``gain``: what a
    label by a person is expected to buy, where the policy can say. ``why``: a sentence's end per item.
    ``must``: the tag for which an item has to go to people, or "". ``subjects``: its subjects."""

    worth: NDArray[np.float64]
    gain: list[float | None]
    why: list[str]
    must: list[str]
    subjects: list[list[str]]


def rank_items(policy: Policy, waiting: Sequence[tuple[str, int]], *, budget: int) -> Ranking:
    """Rank waiting items, given as (key, id)."""
    import numpy as np

    from curation.numerics.routing.schema import TagSchema
    from curation.numerics.routing.table import routing_table

    settings = PolicySettings.read(policy.settings)
    ids = [pk for _key, pk in waiting]
    evidence = project_evidence(policy.project, near=ids if len(ids) <= FEW else None, strength=True)
    main = settings.learned.get("judge") or settings.judge or (evidence.judges[0] if evidence.judges else "")
    stored = settings.learned.get("schema")
    schema = TagSchema.from_json(stored) if stored else None
    table = routing_table(evidence.records, main=main, schema=schema)
    place = {item_id: row for row, item_id in enumerate(evidence.item_ids)}
    rows = np.array([place[pk] for pk in ids], dtype=np.int64)
    worth, gain, why = _worth(policy, settings, table, rows, budget)
    names = [name for name in table.schema.names if name in set(settings.required)]
    columns = [table.schema.names.index(name) for name in names]
    must = [
        next((name for name, column in zip(names, columns, strict=True) if table.tags[row, column]), "")
        for row in rows
    ]
    subjects = [table.described[row].get("subject", []) for row in rows]
    # Equal worth: an order drawn from the seed and the items' own content, so that it can be drawn again.
    lot = np.array([_lot(policy.seed, key) for key, _pk in waiting])
    return Ranking(worth + 1e-9 * lot, gain, why, must, subjects)


def _worth(
    policy: Policy,
    settings: PolicySettings,
    table: RoutingTable,
    rows: NDArray[np.int64],
    budget: int,
) -> tuple[NDArray[np.float64], list[float | None], list[str]]:
    import numpy as np

    from curation.numerics.routing.playing import rule_points

    none: list[float | None] = [None] * len(rows)
    if policy.kind == PolicyKind.UNCERTAINTY:
        worth = table.uncertainty[rows]
        return worth, none, [f"the model judges are unsure: {one:.2f} on a scale to 1" for one in worth]
    if policy.kind == PolicyKind.RULES:
        points = rule_points(table, settings.rules)[rows]
        return points, none, [_rules_words(settings, table, row) for row in rows]
    if policy.kind == PolicyKind.LEARNED:
        router = _router(settings.learned["router"])
        features = _align(table, router)[rows]
        worth = router.probability(features)
        words = [_learned_words(router, row, one) for row, one in zip(features, worth, strict=True)]
        return worth, [float(one) for one in worth], words
    if policy.kind == PolicyKind.MIXTURE:
        return _mixture(policy, settings, table.tags[rows], budget)
    return np.zeros(len(rows)), none, ["it was drawn at random"] * len(rows)


def _mixture(
    policy: Policy, settings: PolicySettings, tags: NDArray[np.uint8], budget: int
) -> tuple[NDArray[np.float64], list[float | None], list[str]]:
    """The best mixture that can be found within the budget goes first, then by slope."""
    from curation.numerics.routing.search import best_mixture

    model, region = _performance(settings.learned)
    found = best_mixture(model, region, tags, budget=min(budget, len(tags)), seed=policy.seed)
    held = tags[found.chosen].sum(axis=0).astype(float)
    slope = tags @ model.slope(held)
    span = float(slope.max() - slope.min()) if len(slope) else 0.0
    worth = slope + found.chosen * (span + 1.0)
    words = [
        f"its label is part of the best mixture found, and adds {one:+.4f} standard deviations to the "
        "reward model's predicted score"
        for one in slope
    ]
    return worth, [float(one) for one in slope], words


def _router(stored: dict[str, Any]) -> Router:
    from curation.numerics.routing.learned import Router

    return Router.from_json(stored)


def _performance(learned: dict[str, Any]) -> tuple[PerformanceModel, Region]:
    import numpy as np

    from curation.numerics.routing.prediction import PerformanceModel
    from curation.numerics.routing.search import Region

    stored = learned["performance"]
    linear = np.array(stored["linear"])
    quadratic = np.zeros((len(linear), len(linear)))
    for row, column, value in stored["quadratic"]:
        quadratic[row, column] = value
    model = PerformanceModel(stored["kind"], linear, quadratic, stored["size"])
    return model, Region.of(np.array(learned["region"]), size=stored["size"])


def _align(table: RoutingTable, router: Router) -> NDArray[np.float64]:
    """The table's columns in the order the router was trained with; one that is not there is unknown."""
    import numpy as np

    places = {name: place for place, name in enumerate(table.names)}
    found = np.full((len(table.features), len(router.names)), np.nan)
    for column, name in enumerate(router.names):
        if name in places:
            found[:, column] = table.features[:, places[name]]
    return found


def _learned_words(router: Router, features: NDArray[np.float64], probability: float) -> str:
    named = [name for name, _logit in router.reasons(features)]
    because = f", above all for: {', '.join(named)}" if named else ""
    return f"the model's label is wrong here with a probability of {probability:.2f}{because}"


def _rules_words(settings: PolicySettings, table: RoutingTable, row: int) -> str:
    rules = set(settings.rules)
    held = [name for place, name in enumerate(table.schema.names) if name in rules and table.tags[row, place]]
    return f"rules name it ({', '.join(held)})" if held else "no rule names it"


def _lot(seed: int, key: str) -> float:
    return int.from_bytes(hashlib.sha256(f"route:{seed}:{key}".encode()).digest()[:6], "big") / 2**48
