"""What a release says of itself. No clock and no row id in it: the same input gives the same bytes
anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Q

from annotate.enums import JudgmentState
from annotate.keys import content_key
from annotate.models import Item, Judgment, Project
from annotate.selectors.questions import questions_of
from curation.models import Recipe, Score, Settlement
from curation.selectors.tables import TableSource, pseudonyms

if TYPE_CHECKING:
    from curation.formats.freezing import Frozen
    from curation.numerics.recipes import Selection

# Below this many people a count says who they are.
FEWEST_PEOPLE = 3
LIVE = (
    "Judges saw the two responses without the names of the models, in an order drawn for each judge and "
    "item, and gave a strength from −3 to 3, a tie, or neither. Model judges were asked in both orders."
)
RECORDED = (
    "The judgments came with the source and were replayed as recorded; nothing is known here of how they "
    "were made."
)


def manifest_of(
    *,
    source: TableSource,
    recipe: Recipe,
    settled: int,
    selection: Selection,
    frozen: Frozen,
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """Everything that made this release, for its manifest and its card; what changed against the version
    before is for the caller to add."""
    project = source.project
    return {
        "project": project.name,
        "description": project.description,
        "guidelines": guideline_version(project),
        "questions": [
            {
                "key": question.key,
                "kind": question.kind,
                "text": question.text,
                "options": question.options,
            }
            for question in questions_of(project)
        ],
        "recipe": {
            "name": recipe.name,
            "version": recipe.version,
            "pool": recipe.pool,
            "method": recipe.method,
            "question": recipe.question,
            "steps": recipe.steps,
        },
        "counts": {"settled": settled, "kept": selection.kept, "dropped": selection.dropped()},
        "steps": [outcome.as_dict() for outcome in selection.outcomes],
        "row_keys_sha256": frozen.row_keys_sha256,
        "settled_by": {
            "method": source.method,
            "pool": source.pool.value,
            "question": source.main,
        },
        "judges": judges_of(project),
        "judges_sha256": judges_hash(project),
        "protocol": {"judgments": protocol_of(project), "overlap": project.overlap},
        "licence": ", ".join(project_meta(project, "licence")) or None,
        "sources": project_meta(project, "source"),
        "agreement": agreement_of(source),
        "biases": biases_of(frozen),
        "references": {
            one.name: {"prompts": len(one.texts), "sha256": one.digest}
            for one in project.evaluation_sets.order_by("name")
            if _names_reference(recipe, one.name)
        },
        "scorers": scorers_of(project),
        "lineage": lineage,
        "software": {"winnow": settings.WINNOW_VERSION},
    }


def _names_reference(recipe: Recipe, name: str) -> bool:
    return any(name in step.get("against", ()) for step in recipe.steps)


def agreement_of(source: TableSource) -> dict[str, Any]:
    settlements = Settlement.objects.filter(project=source.project, method=source.method).order_by("pool")
    return {
        one.pool: {
            "alpha_ordinal": one.alpha,
            "low": one.alpha_low,
            "high": one.alpha_high,
            "items": one.n_items,
            "judgments": one.n_judgments,
        }
        for one in settlements
    }


def biases_of(frozen: Frozen) -> dict[str, Any]:
    """How often the longer side is chosen, and the side shown first preferred, with Wilson's intervals."""
    from curation.numerics.release_diff import wilson

    counted = {"longer_side_chosen": (frozen.longer_chosen, frozen.sides)}
    for kind, (first, n) in sorted(frozen.shown_first.items()):
        counted[f"shown_first_preferred_by_{kind}"] = (first, n)
    found = {}
    for name, (successes, n) in counted.items():
        if n:
            low, high = wilson(successes, n)
            found[name] = {
                "share": round(successes / n, 4), "low": round(low, 4), "high": round(high, 4), "n": n
            }  # fmt: skip
    return found


def judges_of(project: Project) -> dict[str, int | str]:
    """How many judges of each kind have a judgment that counts; no names, for a card is public."""
    current = Judgment.objects.filter(assignment__item__project=project, state=JudgmentState.CURRENT)
    counted = current.values("assignment__judge__kind").annotate(n=Count("assignment__judge", distinct=True))
    found: dict[str, int | str] = {}
    for row in counted.order_by("assignment__judge__kind"):
        few = row["assignment__judge__kind"] == "person" and row["n"] < FEWEST_PEOPLE
        found[row["assignment__judge__kind"]] = f"fewer than {FEWEST_PEOPLE}" if few else row["n"]
    return found


def judges_hash(project: Project) -> str:
    """Names the set of judges and how much each judged, without naming one."""
    people = pseudonyms(project)
    current = Judgment.objects.filter(assignment__item__project=project, state=JudgmentState.CURRENT)
    counted = current.values_list("assignment__judge").annotate(n=Count("pk")).order_by("assignment__judge")
    return content_key("judges", [[people[judge], n] for judge, n in counted])


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
    made = Score.objects.filter(item__project=project)
    rows = made.values_list("scorer", "revision", "parameters_hash", "parameters").order_by().distinct()
    found = {(scorer, revision, digest): parameters for scorer, revision, digest, parameters in rows}
    return [
        {"scorer": scorer, "revision": revision, "parameters": found[scorer, revision, digest]}
        for scorer, revision, digest in sorted(found)
    ]
