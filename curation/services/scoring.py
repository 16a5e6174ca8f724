"""Stage 3: numbers about pairs. Asking costs nothing twice; a new revision adds a row and changes none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Case, Exists, Max, OuterRef, Prefetch, When
from django.utils import timezone

from annotate.enums import JobKind
from annotate.errors import InvalidSetting, NothingToDo
from annotate.keys import content_key
from annotate.models import Candidate, Item, Job, Project
from annotate.selectors.items import pair_of, pairable_items
from annotate.services.jobs import enqueue_job
from curation.enums import Scorer
from curation.models import LatestScore, Score, ScoreList
from curation.selectors.model_shelf import refusal_of
from curation.selectors.score_lists import REWARDS, lists_digest, score_lists
from curation.selectors.scorers import ScorerSpec, current_revision, pass_of, spec_of
from curation.selectors.settled_labels import labels_digest

# What the packaged model is called when it is asked for; its rows name it in full.
PACKAGED = "smollm2"
BY_MODEL = (Scorer.CHES, Scorer.LOGPROB, Scorer.REWARD)
# What of the asked parameters a score keeps under the same name, so that it can be told from another.
KEPT = ("max_tokens", "seed", "labels", "lists", "one_scale")


@dataclass(frozen=True, slots=True)
class NewScore:
    """What a scorer says about one pair, the first candidate as stored before the second.

    ``scorer``: set where it is not the one that was asked, for one pass may give numbers of two kinds.
    """

    item_id: int
    first_id: int
    second_id: int
    value: float | None
    details: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    scorer: Scorer | None = None


def score_items(*, project: Project, scorer: str, parameters: dict[str, Any] | None = None) -> Job:
    """Ask for scores of every pair that has none by this scorer at the revision that would score now.

    ``scorer``: one of ``scorer_names()``. Raises NothingToDo when all have, InvalidSetting.
    """
    spec, asked = spec_of(scorer), dict(parameters or {})
    check_askable(spec, asked)
    if not spec.chunk:
        # The project is scored as a whole, against its labels as they are now.
        asked["labels"] = labels_digest(project)
    if asked.pop("from_lists", False):
        asked |= {"lists": lists_to_join(project), "one_scale": bool(asked.get("one_scale"))}
    wanted = pass_of(scorer)
    missing = [unscored_items(project=project, scorer=kind, parameters=asked) for kind in wanted]
    units = sorted({pk for found in missing for pk in found.values_list("pk", flat=True)})
    if not units or (not spec.chunk and not whole_is_missing(project, wanted[0], asked)):
        raise NothingToDo("Every pair has this score already.", cure="Add items or candidates first.")
    payload = {"scorer": spec.key.value, "parameters": asked, "also": [kind.value for kind in wanted]}
    revision = current_revision(spec.key, asked)
    if revision is not None:
        payload["revision"] = revision
    if not spec.chunk:
        return enqueue_job(
            kind=JobKind.SCORE, project=project, payload=payload, queue=spec.queue, total=len(units)
        )
    return enqueue_job(
        kind=JobKind.SCORE,
        project=project,
        payload=payload,
        queue=spec.queue,
        units=units,
        chunk_size=spec.chunk,
    )


def told(
    *, scorer: str, model: str = "", form: str = "single", from_lists: bool = False, one_scale: bool = False
) -> dict[str, Any]:
    """Parameters for ``score_items`` out of what a caller said, without what does not concern the scorer."""
    asked: dict[str, Any] = {"model": model} if model and scorer in BY_MODEL else {}
    if scorer == Scorer.REWARD:
        asked["form"] = form
    if scorer == Scorer.STRENGTH and from_lists:
        asked |= {"from_lists": True, "one_scale": one_scale}
    return asked


def check_askable(spec: ScorerSpec, asked: dict[str, Any]) -> None:
    """Raises InvalidSetting for what cannot be run, with the reason where a model of this machine is
    refused."""
    if spec.given:
        raise InvalidSetting(
            "These scores come from outside.", field="scorer", cure="Upload a table of scores instead."
        )
    if spec.needs_model and not asked.get("model"):
        raise InvalidSetting(
            "Which reward model?", field="model", cure="Name a model folder, or owner/name@commit."
        )
    refused = refusal_of(str(asked.get("model", "")), spec.key, str(asked.get("form", "")))
    if refused:
        raise InvalidSetting(refused, field="model", cure="Choose another model.")


def lists_to_join(project: Project) -> str:
    """Names the lists that strength is to be made of. Raises InvalidSetting for fewer than two."""
    there = score_lists(project)
    if len(there) < 2:
        raise InvalidSetting(
            f"Strength needs the scores of two reward models or more; there are {len(there)}.",
            field="scorer",
            cure="Upload a table of scores, or score with another reward model.",
        )
    return lists_digest(there)


def unscored_items(*, project: Project, scorer: Scorer, parameters: dict[str, Any] | None = None) -> Any:
    """Items whose pair has no score by this scorer, at its revision of now, with these parameters."""
    asked = parameters or {}
    scored = Score.objects.filter(item=OuterRef("pk"), scorer=scorer)
    revision = current_revision(scorer, asked)
    if revision is not None:
        scored = scored.filter(revision=revision)
    model = str(asked.get("model", "")).partition("@")[0]
    if model and model != PACKAGED:
        scored = scored.filter(parameters__model=model)
    if scorer == Scorer.REWARD:
        scored = scored.filter(parameters__form=asked.get("form", "single"))
    for name in KEPT:
        if name in asked:
            scored = scored.filter(**{f"parameters__{name}": asked[name]})
    return pairable_items(project).filter(~Exists(scored))


def whole_is_missing(project: Project, scorer: Scorer, parameters: dict[str, Any]) -> bool:
    """Whether a project that is scored as a whole has no score yet for its labels of now."""
    unscored = unscored_items(project=project, scorer=scorer, parameters=parameters)
    return bool(unscored.count() == pairable_items(project).count())


def pairs_to_score(*, item_ids: Sequence[int]) -> list[tuple[Item, Candidate, Candidate]]:
    """The pairs of these items, in the order of their ids."""
    items = Item.objects.filter(pk__in=list(item_ids)).order_by("pk")
    items = items.prefetch_related(Prefetch("candidates", Candidate.objects.order_by("position")))
    return [(item, *pair) for item in items if (pair := pair_of(item)) is not None]


def stored_pairs(
    *, scorer: Scorer, revision: str, parameters: dict[str, Any], item_ids: Sequence[int]
) -> set[tuple[int, int]]:
    """Ids of the pairs of candidates that have this very score already."""
    found = Score.objects.filter(
        scorer=scorer, revision=revision, parameters_hash=content_key(parameters), item_id__in=item_ids
    )
    return set(found.values_list("first_id", "second_id"))


def store_scores(
    *, scorer: Scorer, revision: str, parameters: dict[str, Any], made: Sequence[NewScore]
) -> int:
    """Keep new scores; what is there under the same key stays as it is. Returns how many were sent in."""
    hashes = dict(
        Candidate.objects.filter(
            pk__in=[pk for one in made for pk in (one.first_id, one.second_id)]
        ).values_list("pk", "text_hash")
    )
    # The item's own key, for a pair that stands in two items has a row in each.
    items = dict(Item.objects.filter(pk__in=[one.item_id for one in made]).values_list("pk", "key"))
    like = Score(
        scorer=scorer,
        revision=revision,
        parameters=parameters,
        parameters_hash=content_key(parameters),
        made_at=timezone.now(),
    )
    subjects = [content_key(items[one.item_id], hashes[one.first_id], hashes[one.second_id]) for one in made]
    with transaction.atomic():
        insert_scores(like, made, subjects)
        show_latest(like, item_ids=list(items))
        if scorer in REWARDS:
            keep_list(like, item_ids=list(items))
    return len(made)


def insert_scores(like: Score, made: Sequence[NewScore], subjects: Sequence[str]) -> None:
    """Rows that have all of ``like`` in common, but for those that are there. By hand, since a feature pass
    writes ten for each pair: as objects they cost more than the features."""
    columns = [field for field in Score._meta.concrete_fields if not field.primary_key]
    common = {
        field.attname: field.get_db_prep_save(getattr(like, field.attname), connection) for field in columns
    }
    own = [
        common
        | {
            "item_id": one.item_id,
            "first_id": one.first_id,
            "second_id": one.second_id,
            "subject_hash": subject,
            "value": one.value,
            "details": json.dumps(one.details),
            "flags": json.dumps(one.flags),
        }
        for one, subject in zip(made, subjects, strict=True)
    ]
    names = ", ".join(str(field.column) for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {Score._meta.db_table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608  # names of our own
            [tuple(row[field.attname] for field in columns) for row in own],
        )


def keep_list(like: Score, *, item_ids: Sequence[int], file_name: str = "") -> None:
    """Remember who gave these scores, as a member for the strength ensemble."""
    projects = Item.objects.filter(pk__in=item_ids[:1]).values_list("project", flat=True)
    for project_id in projects:
        ScoreList.objects.get_or_create(
            project_id=project_id,
            scorer=like.scorer,
            revision=like.revision,
            parameters_hash=like.parameters_hash,
            defaults={"name": str(like.parameters.get("model", ""))[:300], "file_name": file_name},
        )


def show_latest(like: Score, *, item_ids: Sequence[int]) -> None:
    """Let the scores like this one be those that pages show for the items."""
    kept = Score.objects.filter(
        item__in=item_ids,
        scorer=like.scorer,
        revision=like.revision,
        parameters_hash=like.parameters_hash,
    )
    last = kept.values("item").annotate(last=Max("pk")).values("last")
    shown = Score.objects.filter(pk__in=last).annotate(
        flagged=Case(When(flags=[], then=False), default=True, output_field=BooleanField())
    )
    # In the order of the items, so that no two workers wait for each other.
    ordered = shown.order_by("item_id").values_list(
        "item__project", "item", "scorer", "pk", "revision", "value", "flagged"
    )
    select, given = ordered.query.sql_with_params()
    # Inside the database: there are as many rows as pairs and scorers, and none is looked at here.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {LatestScore._meta.db_table} "  # noqa: S608  # names of our own and a query's own text
            f"(project_id, item_id, scorer, score_id, revision, value, flagged) {select} "
            "ON CONFLICT (item_id, scorer) DO UPDATE SET score_id = excluded.score_id, "
            "revision = excluded.revision, value = excluded.value, flagged = excluded.flagged",
            given,
        )
