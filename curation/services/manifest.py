"""What a release says of itself. No clock and no row id in it: the same input gives the same bytes
anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from annotate.models import Project
from curation.enums import Pool, Scorer
from curation.models import Score, Settlement
from curation.selectors.pairs import SettledPair
from curation.services.settling import METHOD

if TYPE_CHECKING:
    from curation.formats.rows import PairRow
    from curation.numerics.selection import Selection


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
        "settled_by": {"method": METHOD, "pool": pool.value},
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
