"""Stage 3: numbers about pairs. Asking costs nothing twice; a new revision adds a row and changes none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from annotate.enums import JobKind, JobQueue
from annotate.errors import InvalidSetting, NothingToDo
from annotate.keys import content_key
from annotate.models import Candidate, Item, Job, Project
from annotate.selectors.items import pair_of, pairable_items
from annotate.services.jobs import enqueue_job
from curation.enums import Scorer
from curation.models import Score

# CHES loads a language model: its chunks go to the GPU queue, and are small enough for a minute on a CPU.
QUEUES = {Scorer.CHES: JobQueue.GPU}
CHUNKS = {Scorer.CHES: 16, Scorer.EMBEDDING: 64, Scorer.LENGTH: 500, Scorer.EDIT: 200}


@dataclass(frozen=True, slots=True)
class NewScore:
    """What a scorer says about one pair, the first candidate as stored before the second."""

    item_id: int
    first_id: int
    second_id: int
    value: float | None
    details: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def score_items(*, project: Project, scorer: str, parameters: dict[str, Any] | None = None) -> Job:
    """Ask for scores of every pair that has none by this scorer. Raises NothingToDo when all have."""
    if scorer not in Scorer.values:
        raise InvalidSetting(
            "There is no such scorer.", field="scorer", cure=f"Choose one of {', '.join(Scorer.values)}."
        )
    kind = Scorer(scorer)
    units = list(unscored_items(project=project, scorer=kind).values_list("pk", flat=True))
    if not units:
        raise NothingToDo("Every pair has this score already.", cure="Add items or candidates first.")
    return enqueue_job(
        kind=JobKind.SCORE,
        project=project,
        payload={"scorer": kind.value, "parameters": parameters or {}},
        queue=QUEUES.get(kind, JobQueue.CPU),
        units=units,
        chunk_size=CHUNKS[kind],
    )


def unscored_items(*, project: Project, scorer: Scorer) -> Any:
    scored = Score.objects.filter(item=OuterRef("pk"), scorer=scorer)
    return pairable_items(project).filter(~Exists(scored))


def pairs_to_score(*, item_ids: Sequence[int]) -> list[tuple[Item, Candidate, Candidate]]:
    """The pairs of these items, in the order of their ids."""
    items = Item.objects.filter(pk__in=list(item_ids)).order_by("pk")
    items = items.prefetch_related(Prefetch("candidates", Candidate.objects.order_by("position")))
    return [(item, *pair) for item in items if (pair := pair_of(item)) is not None]


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
    parameters_hash = content_key(parameters)
    rows = [
        Score(
            item_id=one.item_id,
            first_id=one.first_id,
            second_id=one.second_id,
            scorer=scorer,
            revision=revision,
            parameters=parameters,
            parameters_hash=parameters_hash,
            subject_hash=content_key(items[one.item_id], hashes[one.first_id], hashes[one.second_id]),
            value=one.value,
            details=one.details,
            flags=list(one.flags),
        )
        for one in made
    ]
    Score.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return len(rows)
