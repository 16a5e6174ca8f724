"""Whether each step of a recipe helps: reward heads trained before and after it, tested on people's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annotate.enums import JobKind, JobState
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Job, Project
from annotate.services.jobs import enqueue_job
from curation.enums import Pool
from curation.models import Release
from curation.services.fold_labels import (
    Embed,
    by_strength,
    fold_strength,
    judge_saw_tested,
    labels_by,
    pair_features,
    people_say,
)
from curation.services.recipes import preview_recipe, read_steps, refusal_of
from curation.services.tables import source_of

if TYPE_CHECKING:
    from curation.numerics.evaluation import Evaluation

RAW = "raw"
SEEDS = 10


def evaluate_recipe(
    *,
    project: Project,
    steps: Sequence[Mapping[str, Any]],
    pool: str = Pool.PEOPLE_FIRST,
    method: str = "",
    question: str = "",
    embed: Embed,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """Train on what is settled, on what each step leaves, and on the whole recipe's rows; test on pairs that
    people decided, of prompts that were not learnt from.

    Raises NothingToDo where too few pairs were decided by people, InvalidSetting for a recipe whose rows are
    other pairs than the settled ones.
    """
    from curation.numerics.evaluation import TooLittle, evaluate_sets
    from curation.numerics.recipes import BINARISE, RecipeError

    if not 1 <= seeds <= 100:
        raise InvalidSetting("An evaluation takes 1 to 100 seeds.", field="seeds", cure="Give 10.")
    read = read_steps(steps)
    if read and read[0].name == BINARISE:
        raise InvalidSetting(
            "This recipe makes pairs of its own from ratings.",
            field="steps",
            cure="Evaluate the rest of it: leave the step that binarises out.",
        )
    columns = preview_recipe(project=project, steps=[], pool=pool, method=method, question=question).columns
    features = pair_features(columns, embed)
    names = [RAW, *(f"{count}. {step.name}" for count, step in enumerate(read, start=1))]
    try:
        strength = fold_strength(project, columns, features) if any(map(by_strength, read)) else None
        found = evaluate_sets(
            features,
            people_say(columns),
            columns.words("prompt_key"),
            {name: labels_by(columns, read[:count], strength) for count, name in enumerate(names)},
            slices=columns.words("subject"),
            seeds=seeds,
        )
    except RecipeError as trouble:
        raise refusal_of(trouble) from trouble
    except TooLittle as trouble:
        cure = "Let people judge more items, and settle again."
        raise NothingToDo(str(trouble), cure=cure) from trouble
    return as_dict(found, saw_tested=judge_saw_tested(project, pool, read))


def ask_to_evaluate(*, release: Release, seeds: int = SEEDS) -> Job:
    """Leave the evaluation of a release's recipe to a worker; the same labels again are the same job."""
    recipe = release.recipe
    source = source_of(
        release.project,
        pool=recipe["pool"],
        method=recipe.get("method", ""),
        question=recipe.get("question", ""),
    )
    payload = {"release": release.pk, "evaluate": seeds, "stamp": source.stamp()}
    return enqueue_job(kind=JobKind.RELEASE, project=release.project, payload=payload)


def evaluation_of(release: Release) -> dict[str, Any] | None:
    """What the latest evaluation found: one that a worker made since, else the one that the card carries."""
    done = release.project.jobs.filter(
        kind=JobKind.RELEASE, state=JobState.DONE, payload__release=release.pk, payload__has_key="evaluate"
    )
    last = done.order_by("-finished_at", "-pk").first()
    found: dict[str, Any] | None = release.manifest.get("asked", {}).get("evaluation")
    return dict(last.result["evaluation"]) if last else found


def as_dict(found: Evaluation, *, saw_tested: bool = False) -> dict[str, Any]:
    return {
        "tested": found.tested,
        "prompts": found.prompts,
        "seeds": found.seeds,
        "folds": found.folds,
        "sets": [
            {
                "name": one.name,
                "rows": one.rows,
                "accuracy": one.accuracy.as_dict(),
                "against_raw": one.against.as_dict(),
                "curve": {str(part): value.as_dict() for part, value in one.curve.items()},
                "slices": {word: value.as_dict() for word, value in one.slices.items()},
            }
            for one in found.sets
        ],
        "verdict": verdict_of(found, saw_tested=saw_tested),
    }


def verdict_of(found: Evaluation, *, saw_tested: bool = False) -> str:
    """In words, no more than the interval allows; no gain is claimed where a judge ``saw_tested`` labels."""
    last = found.sets[-1]
    if len(found.sets) == 1:
        return "There is no step to compare."
    value, low, high = (100 * one for one in (last.against.value, last.against.low, last.against.high))
    points = f"{value:+.1f} points ({low:+.1f} to {high:+.1f})"
    if saw_tested and last.against.low > 0:
        return (
            f"At most {points} over the raw labels: some come from a judge that learnt from people's labels "
            "of all pairs, tested ones among them, so whether the recipe helps cannot be told from this."
        )
    if last.against.low > 0:
        return f"The recipe helps: {points} over the raw labels."
    if last.against.high < 0:
        return f"The recipe harms: {points} over the raw labels."
    return f"It cannot be told whether the recipe helps: {points} over the raw labels."
