from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from annotate.enums import JudgeKind, JudgmentState
from annotate.models import Candidate, Item, Judgment, Project
from curation.enums import Pool, Scorer
from curation.models import Estimate, LatestScore

PAGE = 50
# So many columns of scores fit beside the rest; the first of these that a project has are shown.
COLUMNS = 5
PREFERRED = (
    Scorer.STRENGTH, Scorer.CHES, Scorer.REWARD, Scorer.UPLOADED, Scorer.LOGPROB, Scorer.REFUSAL,
    Scorer.EMBEDDING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Browse:
    """What is asked of the browser. ``sought``: part of an item's own id. ``sort``: a scorer, with ``down``
    from the highest; empty for the order in which the items came. ``low``, ``high``: bounds of its value.
    ``after``: the last item of the page before, and ``value`` its score where there is a sort."""

    sought: str = ""
    sort: str = ""
    down: bool = False
    low: float | None = None
    high: float | None = None
    flagged: bool = False
    after: int = 0
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    item: Item
    beginning: str
    candidates: int
    by_people: int
    by_models: int
    scores: list[LatestScore | None]
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of rows with the scorers of its columns. ``value``: the sorted score of its last row."""

    rows: list[ItemRow]
    columns: list[Scorer]
    more: bool
    value: float | None


def item_page(project: Project, asked: Browse) -> ItemPage:
    """One page of items by keyset: it costs the same however many come before it."""
    columns = shown_columns(project, asked.sort)
    if asked.sort:
        ids, more, value = _sorted_ids(project, asked)
        found = {item.pk: item for item in _items(project, columns).filter(pk__in=ids)}
        items = [found[pk] for pk in ids if pk in found]
        return ItemPage([_row(item, columns) for item in items], columns, more, value)
    query = _items(project, columns).filter(pk__gt=asked.after).order_by("pk")
    if asked.sought:
        query = query.filter(external_id__icontains=asked.sought)
    listed = list(query[: PAGE + 1])
    return ItemPage([_row(item, columns) for item in listed[:PAGE]], columns, len(listed) > PAGE, None)


def shown_columns(project: Project, sort: str) -> list[Scorer]:
    """The sorted scorer and the most telling of those the project has."""
    latest = LatestScore.objects.filter(project=project, item__isnull=False)
    there = [scorer for scorer in Scorer if latest.filter(scorer=scorer).exists()]
    ranked = sorted(there, key=lambda one: (one != sort, one not in PREFERRED, list(Scorer).index(one)))
    return ranked[:COLUMNS]


def _sorted_ids(project: Project, asked: Browse) -> tuple[list[int], bool, float | None]:
    found = LatestScore.objects.filter(project=project, scorer=asked.sort, value__isnull=False)
    if asked.low is not None:
        found = found.filter(value__gte=asked.low)
    if asked.high is not None:
        found = found.filter(value__lte=asked.high)
    if asked.flagged:
        found = found.filter(flagged=True)
    if asked.sought:
        found = found.filter(item__external_id__icontains=asked.sought)
    if asked.value is not None:
        # The bound alone lets the index find the place; the rest settles equal values.
        bound, beyond = ("lte", "lt") if asked.down else ("gte", "gt")
        past = Q(**{f"value__{beyond}": asked.value}) | Q(item_id__gt=asked.after)
        found = found.filter(past, **{f"value__{bound}": asked.value})
    order = ("-value", "item_id") if asked.down else ("value", "item_id")
    rows = list(found.order_by(*order).values_list("item_id", "value")[: PAGE + 1])
    return [pk for pk, _value in rows[:PAGE]], len(rows) > PAGE, rows[:PAGE][-1][1] if rows else None


def _items(project: Project, columns: Sequence[Scorer]):  # type: ignore[no-untyped-def]  # annotated items
    stored = Candidate.objects.filter(item=OuterRef("pk")).order_by().values("item")
    judged = Judgment.objects.filter(assignment__item=OuterRef("pk"), state=JudgmentState.CURRENT)
    counted = judged.order_by().values("assignment__item").annotate(n=Count("pk")).values("n")
    return (
        Item.objects.filter(project=project)
        .annotate(
            # Not by a join: that would count for every item before the first page is taken.
            n_candidates=Coalesce(Subquery(stored.annotate(n=Count("pk")).values("n")), 0),
            n_people=Coalesce(Subquery(counted.filter(assignment__judge__kind=JudgeKind.PERSON)), 0),
            n_models=Coalesce(Subquery(counted.filter(assignment__judge__kind=JudgeKind.MODEL)), 0),
        )
        .prefetch_related(
            Prefetch("latest_scores", LatestScore.objects.filter(scorer__in=columns), to_attr="shown_scores"),
            Prefetch("estimates", Estimate.objects.filter(pool=Pool.PEOPLE_FIRST), to_attr="first_estimates"),
        )
    )


def _row(item: Item, columns: Sequence[Scorer]) -> ItemRow:
    scores = {one.scorer: one for one in item.shown_scores}  # type: ignore[attr-defined]  # set by the prefetch
    estimates = item.first_estimates  # type: ignore[attr-defined]  # set by the prefetch
    return ItemRow(
        item=item,
        beginning=item.prompt[-1]["content"][:160] if item.prompt else "",
        candidates=item.n_candidates,  # type: ignore[attr-defined]  # annotated
        by_people=item.n_people,  # type: ignore[attr-defined]  # annotated
        by_models=item.n_models,  # type: ignore[attr-defined]  # annotated
        scores=[scores.get(column) for column in columns],
        estimate=estimates[0] if estimates else None,
    )
