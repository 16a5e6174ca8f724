"""What a policy learns from the people of a project before it may route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Project
from curation.enums import PolicyKind
from curation.selectors.evidence import ProjectEvidence, project_evidence
from curation.selectors.policies import PolicySettings
from curation.selectors.replays import Embed, main_judge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.numerics.routing.schema import TagSchema

# With fewer items that both have judged, no router can show that it beats a draw.
LEAST_LABELS = 60
MIXTURES = 250
GOLD_SHARE = 3
KINDS = (PolicyKind.LEARNED, PolicyKind.MIXTURE)


def learn_policy(
    *, project: Project, kind: str, settings: PolicySettings, seed: int = 0, embed: Embed | None = None
) -> dict[str, Any]:
    """Train what ``kind`` needs; the result goes into the policy's settings under ``learned``.

    Raises NothingToDo with fewer than 60 items that people and the model judge have both judged, and
    InvalidSetting where what was learned is not better than random: such a policy must not route.
    """
    evidence = project_evidence(project, strength=True)
    main = main_judge(evidence, settings.judge or None)
    both = _both(evidence, main)
    if len(both) < LEAST_LABELS:
        raise NothingToDo(
            f"Only {len(both)} items were judged by people and by {main}; learning needs {LEAST_LABELS}.",
            cure="Let a random share of the items go to people first.",
        )
    if kind == PolicyKind.MIXTURE:
        return _learn_mixture(evidence, main, both, seed=seed, embed=embed)
    return _learn_router(evidence, main, both)


def _both(evidence: ProjectEvidence, main: str) -> list[int]:
    return [
        place
        for place, record in enumerate(evidence.records)
        if evidence.item_ids[place] in evidence.people and main in record.verdicts
    ]


def _learn_router(evidence: ProjectEvidence, main: str, both: list[int]) -> dict[str, Any]:
    from curation.numerics.routing.learned import cross_fit, fit_router, separation
    from curation.numerics.routing.table import routing_table

    # Bins from all pairs, labelled or not: they stay where they are for what comes later.
    table = routing_table(evidence.records, main=main)
    human = _human(evidence, both)
    wrong = table.main[both] != human
    features, groups = table.features[both], table.groups[both]
    shown = separation(cross_fit(features, wrong, groups), wrong, groups)
    if not shown.routes:
        raise InvalidSetting(
            f"The learned router is not better than random on {shown.rows} items (AUROC {shown.value:.2f}, "
            f"95 % interval {shown.low:.2f} to {shown.high:.2f}), so it does not route.",
            field="kind",
            cure="Choose another policy for now, and learn again with more labels of people.",
        )
    router = fit_router(features, wrong, groups, table.names)
    return {
        "judge": main,
        "labels": len(both),
        "schema": table.schema.as_json(),
        "router": router.as_json(),
        "separation": {"value": shown.value, "low": shown.low, "high": shown.high},
    }


def _learn_mixture(
    evidence: ProjectEvidence, main: str, both: list[int], *, seed: int, embed: Embed | None
) -> dict[str, Any]:
    """The performance prediction model by the proxy: a third of the prompts is gold, the others are mixed."""
    import numpy as np

    from curation.numerics.routing.learned import prompt_folds
    from curation.numerics.routing.mixtures import count_tags, draw_mixtures, mixed_labels
    from curation.numerics.routing.playing import pair_vectors
    from curation.numerics.routing.proxies import fit_proxies, score_proxies
    from curation.numerics.routing.table import routing_table

    if embed is None:
        raise InvalidSetting("A mixture needs embeddings.", field="kind", cure="Leave it to a worker.")
    table = routing_table(evidence.records, main=main)
    human = _human(evidence, both).astype(np.int8)
    vectors = pair_vectors([evidence.records[place] for place in both], embed)
    fold = prompt_folds(table.groups[both], folds=GOLD_SHARE, seed=seed)
    train, gold = np.flatnonzero(fold != 0), np.flatnonzero((fold == 0) & (human != 0))
    if not len(gold) or len(train) < LEAST_LABELS // 2:
        raise NothingToDo(
            "Too few prompts for a held-out part.", cure="Let people judge items of more prompts."
        )
    tags = table.tags[both][train]
    masks = draw_mixtures(tags, count=MIXTURES, seed=seed)
    labels = mixed_labels(masks, human[train], table.main[both][train].astype(np.int8))
    scores = score_proxies(fit_proxies(vectors[train], labels), vectors[gold], human[gold])
    counts = count_tags(masks, tags)
    found = learned_mixture(table.schema, main, counts, scores.likelihood, size=len(train), seed=seed)
    return found | {"labels": len(both)}


def learned_mixture(
    schema: TagSchema,
    main: str,
    counts: NDArray[np.float64],
    scores: NDArray[np.float64],
    *,
    size: int,
    seed: int,
) -> dict[str, Any]:
    """Fit the prediction model on scored mixtures, by the proxy or by real reward models. Raises
    InvalidSetting where it does not predict."""
    from curation.numerics.routing.prediction import fit_performance

    found = fit_performance(counts, scores, size=size, seed=seed)
    shown = found.chosen
    if not found.routes:
        raise InvalidSetting(
            "The performance prediction model is not better than random (Spearman "
            f"{shown.spearman:.2f}, 95 % interval {shown.low:.2f} to {shown.high:.2f}): it does not route.",
            field="kind",
            cure="Choose another policy, or add labels of people.",
        )
    upper = found.model.quadratic
    rows, columns = upper.nonzero()
    return {
        "judge": main,
        "schema": schema.as_json(),
        "performance": {
            "kind": found.model.kind,
            "linear": found.model.linear.tolist(),
            "quadratic": [
                [int(row), int(column), float(upper[row, column])]
                for row, column in zip(rows, columns, strict=True)
            ],
            "size": size,
        },
        "region": counts.tolist(),
        "spearman": {"value": shown.spearman, "low": shown.low, "high": shown.high},
        "scatter": [
            [round(float(one), 3), round(float(other), 3)]
            for one, other in zip(shown.predicted, shown.seen, strict=True)
        ],
    }


def _human(evidence: ProjectEvidence, both: list[int]) -> NDArray[np.float64]:
    import numpy as np

    return np.array([evidence.people[evidence.item_ids[place]] for place in both], dtype=np.float64)
