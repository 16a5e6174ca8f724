from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from annotate.enums import JudgeKind, JudgmentState
from annotate.models import Item, Judgment, Project
from curation.enums import Pool, Scorer
from curation.models import Estimate, Score

PAGE = 50


@dataclass(frozen=True, slots=True)
class ItemRow:
    item: Item
    beginning: str
    candidates: int
    by_people: int
    by_models: int
    ln_ches: float | None
    estimate: Estimate | None


def item_rows(project: Project, *, after: int, sought: str) -> tuple[list[ItemRow], bool]:
    """One page of items after the one with id ``after``, and whether there are more.

    ``sought``: part of an item's own id. LN-CHES is shown with the first candidate as stored chosen.
    """
    judged = Judgment.objects.filter(assignment__item=OuterRef("pk"), state=JudgmentState.CURRENT)
    counted = judged.order_by().values("assignment__item").annotate(n=Count("pk")).values("n")
    items = Item.objects.filter(project=project, pk__gt=after).order_by("pk")
    if sought:
        items = items.filter(external_id__icontains=sought)
    items = items.annotate(
        n_candidates=Count("candidates"),
        n_people=Coalesce(Subquery(counted.filter(assignment__judge__kind=JudgeKind.PERSON)), 0),
        n_models=Coalesce(Subquery(counted.filter(assignment__judge__kind=JudgeKind.MODEL)), 0),
    ).prefetch_related(
        Prefetch("scores", Score.objects.filter(scorer=Scorer.CHES).order_by("pk"), to_attr="ches_scores"),
        Prefetch("estimates", Estimate.objects.filter(Q(pool=Pool.PEOPLE_FIRST)), to_attr="first_estimates"),
    )
    found = list(items[: PAGE + 1])
    return [_row(item) for item in found[:PAGE]], len(found) > PAGE


def _row(item: Item) -> ItemRow:
    scores = item.ches_scores  # type: ignore[attr-defined]  # set by the prefetch
    estimates = item.first_estimates  # type: ignore[attr-defined]  # set by the prefetch
    return ItemRow(
        item=item,
        beginning=item.prompt[-1]["content"][:160] if item.prompt else "",
        candidates=item.n_candidates,  # type: ignore[attr-defined]  # annotated
        by_people=item.n_people,  # type: ignore[attr-defined]  # annotated
        by_models=item.n_models,  # type: ignore[attr-defined]  # annotated
        ln_ches=scores[-1].value if scores else None,
        estimate=estimates[0] if estimates else None,
    )
