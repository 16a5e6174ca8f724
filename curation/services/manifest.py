"""What a release says of itself. No clock and no row id in it: the same input gives the same bytes
anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Q

from annotate.enums import JudgmentState
from annotate.models import Item, Judgment, Project
from curation.enums import Pool, Scorer
from curation.models import Score, Settlement
from curation.selectors.pairs import SettledPair
from curation.services.settling import METHOD

if TYPE_CHECKING:
    from curation.formats.rows import PairRow
    from curation.numerics.selection import Selection

LIVE = (
    "Judges saw the two responses without the names of the models, in an order drawn for each judge and "
    "item, and gave a strength from −3 to 3, a tie, or neither. Model judges were asked in both orders."
)
RECORDED = (
    "The judgments came with the source and were replayed as recorded; nothing is known here of how they "
    "were made."
)


def row_of(pair: SettledPair) -> PairRow:
    """One settled pair as the row that every format is made from."""
    from curation.formats.rows import PairRow
    from curation.numerics.settling import margin_towards

    estimate = pair.estimate
    return PairRow(
        id=pair.item.external_id,
        prompt=pair.item.prompt,
        chosen=pair.chosen.text,
        rejected=pair.rejected.text,
        # A pair without a verdict never gets here: every recipe drops the undecided.
        strength=estimate.strength or 0.0,
        margin=margin_towards(estimate.verdict, estimate.preference),
        confidence=estimate.confidence,
        n_judges=estimate.n_judges,
        chosen_model=pair.chosen.model or None,
        rejected_model=pair.rejected.model or None,
        ln_ches=pair.ln_ches,
        provenance={
            "item": pair.item.key,
            "chosen_position": pair.chosen.position,
            "rejected_position": pair.rejected.position,
            "chosen_revision": pair.chosen.revision,
            "rejected_revision": pair.rejected.revision,
        },
    )


def manifest_of(
    *, project: Project, recipe: dict[str, Any], pairs: int, selection: Selection, pool: Pool
) -> dict[str, Any]:
    """Everything that made this release, for its manifest and its card."""
    from curation.numerics.selection import outcome_to_dict

    return {
        "project": project.name,
        "description": project.description,
        "guidelines": guideline_version(project),
        "questions": [
            {"key": question.key, "kind": question.kind, "text": question.text}
            for question in project.questions.order_by("position", "pk")
        ],
        "recipe": recipe,
        "counts": {"settled": pairs, "kept": int(selection.kept.sum()), "dropped": selection.dropped()},
        "steps": [outcome_to_dict(outcome) for outcome in selection.outcomes],
        "settled_by": {"method": METHOD, "pool": pool.value},
        "judges": judges_of(project),
        "protocol": {"judgments": protocol_of(project)},
        "licence": ", ".join(project_meta(project, "licence")) or None,
        "sources": project_meta(project, "source"),
        "agreement": {
            settlement.pool: {
                "alpha_ordinal": settlement.alpha,
                "low": settlement.alpha_low,
                "high": settlement.alpha_high,
                "items": settlement.n_items,
                "judgments": settlement.n_judgments,
            }
            for settlement in Settlement.objects.filter(project=project, method=METHOD).order_by("pool")
        },
        "scorers": scorers_of(project),
        "software": {"winnow": settings.WINNOW_VERSION},
    }


def judges_of(project: Project) -> dict[str, int]:
    """How many judges of each kind have a judgment that counts; no names, for a card is public."""
    current = Judgment.objects.filter(assignment__item__project=project, state=JudgmentState.CURRENT)
    counted = current.values("assignment__judge__kind").annotate(n=Count("assignment__judge", distinct=True))
    return {row["assignment__judge__kind"]: row["n"] for row in counted.order_by("assignment__judge__kind")}


def protocol_of(project: Project) -> str:
    """How the judgments that count were made."""
    current = Q(assignments__judgments__state=JudgmentState.CURRENT)
    recorded = set(project.judges.filter(current).values_list("recorded", flat=True).distinct())
    return " ".join(text for kind, text in ((False, LIVE), (True, RECORDED)) if kind in recorded)


def project_meta(project: Project, key: str) -> list[str]:
    """The values that items carry under a key of their meta, such as where they come from."""
    values = Item.objects.filter(project=project, meta__has_key=key).values_list(f"meta__{key}", flat=True)
    return sorted({value for value in values.distinct()[:1000] if isinstance(value, str)})


def guideline_version(project: Project) -> int:
    last = project.guidelines.order_by("-version").values_list("version", flat=True).first()
    return last or 0


def scorers_of(project: Project) -> list[dict[str, Any]]:
    """The scorers and revisions behind the scores that a recipe may read."""
    made = Score.objects.filter(item__project=project, scorer=Scorer.CHES).order_by("revision")
    return [
        {"scorer": scorer, "revision": revision, "parameters": parameters}
        for scorer, revision, parameters in {
            (scorer, revision): (scorer, revision, parameters)
            for scorer, revision, parameters in made.values_list("scorer", "revision", "parameters")
        }.values()
    ]
