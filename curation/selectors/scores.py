from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from annotate.enums import Verdict
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pair_of, pairable_items
from curation.enums import Pool, Scorer
from curation.models import Estimate, Score
from curation.selectors.pairs import ches_of, ln_ches_of


def scored_items(project: Project) -> QuerySet[Item]:
    """Items with a pair, in the order they came, with their scores and their estimate at hand."""
    return (
        pairable_items(project)
        .prefetch_related(
            Prefetch("candidates", Candidate.objects.order_by("position")),
            Prefetch("scores", Score.objects.order_by("pk"), to_attr="all_scores"),
            Prefetch("estimates", Estimate.objects.filter(pool=Pool.PEOPLE_FIRST), to_attr="pool_estimates"),
        )
        .order_by("pk")
    )


def scored_rows(project: Project, *, scorers: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One plain row per pair: chosen is the settled side, or the first as stored where no side was
    settled."""
    for item in scored_items(project).iterator(chunk_size=500):
        pair = pair_of(item)
        if pair is None:
            continue
        estimates: list[Estimate] = item.pool_estimates  # type: ignore[attr-defined]  # set by the prefetch
        swapped = bool(estimates) and estimates[0].verdict == Verdict.SECOND
        row: dict[str, Any] = {"id": item.external_id}
        for score in item.all_scores:  # type: ignore[attr-defined]  # set by the prefetch
            if score.scorer in scorers and score.first_id == pair[0].pk:
                row |= columns_of(score, swapped=swapped)
        yield row


def columns_of(score: Score, *, swapped: bool) -> dict[str, Any]:
    """A score's columns with chosen and rejected in place of first and second."""
    if score.scorer != Scorer.CHES:
        value = score.value
        if score.scorer == Scorer.LENGTH and value is not None:
            value = value if swapped else -value
        return {score.scorer: value}
    chosen, rejected = ("second", "first") if swapped else ("first", "second")
    return {
        "ches": ches_of(score.details, swapped=swapped),
        "ln_ches": ln_ches_of(score.details, swapped=swapped),
        "n_chosen": score.details.get(f"n_{chosen}"),
        "n_rejected": score.details.get(f"n_{rejected}"),
        "last_inner": score.details.get("last_inner"),
        "token_edit": score.details.get("token_edit"),
        "flags": score.flags,
    }


def scores_on(item: Item) -> QuerySet[Score]:
    """All scores of an item, the first made first."""
    return Score.objects.filter(item=item).select_related("first", "second").order_by("scorer", "pk")


def score_counts(project: Project) -> dict[str, int]:
    """How many pairs each scorer has a row for."""
    return {
        scorer: Score.objects.filter(item__project=project, scorer=scorer)
        .values("item_id")
        .distinct()
        .count()
        for scorer in Scorer.values
    }
