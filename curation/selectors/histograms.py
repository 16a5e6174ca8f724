"""How scores lie over a project, counted by the database: a page costs the same whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import (
    Count,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Floor

from annotate.models import Candidate, Project
from curation.enums import Scorer
from curation.models import LatestScore

BINS = 32
PAIRS = 20
BANDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True, slots=True)
class Scale:
    """Equal bins from ``low`` to ``high``; the last takes its upper edge in."""

    low: float
    high: float

    @property
    def step(self) -> float:
        return (self.high - self.low) / BINS

    def edges(self, place: int) -> tuple[float, float]:
        last = place == BINS - 1
        return self.low + place * self.step, self.high if last else self.low + (place + 1) * self.step


@dataclass(frozen=True, slots=True)
class Bins:
    """How many scores lie in each bin of the scale."""

    scale: Scale
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def tallest(self) -> int:
        return max(self.counts)


@dataclass(frozen=True, slots=True)
class CrossTab:
    """Pairs by thirds of LN-CHES (rows) and by how many sides refuse, 0, 1 or 2 (columns)."""

    rows: list[tuple[str, float, float, list[int]]]
    total: int


def shown_scores(project: Project, scorer: str) -> QuerySet[LatestScore]:
    return LatestScore.objects.filter(project=project, scorer=scorer, value__isnull=False)


def score_scale(project: Project, scorer: str) -> Scale | None:
    """From the least to the greatest value, each read off the end of the index; None where there is none."""
    values = shown_scores(project, scorer).values_list("value", flat=True)
    low, high = values.order_by("value").first(), values.order_by("-value").first()
    if low is None or high is None:
        return None
    # One value alone: bins to each side of it.
    return Scale(low, high) if high > low else Scale(low - 0.5, high + 0.5)


def score_histogram(project: Project, scorer: str) -> Bins | None:
    """How a scorer's values lie over a project; None where there is none to draw."""
    scale = score_scale(project, scorer)
    if scale is None:
        return None
    placed = shown_scores(project, scorer).annotate(
        bin=Cast(Floor((F("value") - scale.low) / scale.step, output_field=FloatField()), IntegerField())
    )
    counts = [0] * BINS
    for place, count in placed.order_by().values_list("bin").annotate(n=Count("pk")):
        counts[min(max(place, 0), BINS - 1)] += count
    return Bins(scale, counts)


def pairs_in_bin(
    project: Project, scorer: str, scale: Scale, place: int, *, after: int
) -> tuple[list[LatestScore], bool]:
    """Scored pairs of one bin with their texts at hand, in the order of the items. ``after``: the item that
    the page before ended with. Also whether there are more."""
    low, high = scale.edges(place)
    upper = Q(value__lte=high) if place == BINS - 1 else Q(value__lt=high)
    found = shown_scores(project, scorer).filter(upper, value__gte=low, item_id__gt=after).order_by("item_id")
    # Their keys first, which the index holds: the texts of all others in the bin stay where they are.
    keys = list(found.values_list("pk", flat=True)[: PAIRS + 1])
    rows = LatestScore.objects.filter(pk__in=keys[:PAIRS]).order_by("item_id")
    rows = rows.select_related("item", "score").prefetch_related(
        Prefetch("item__candidates", Candidate.objects.order_by("position"))
    )
    return list(rows), len(keys) > PAIRS


def ches_by_refusals(project: Project) -> CrossTab | None:
    """The highest LN-CHES are mostly pairs that both refuse or both comply; None where either is missing."""
    ches = shown_scores(project, Scorer.CHES).order_by("value")
    refusals = shown_scores(project, Scorer.REFUSAL)
    total = ches.count()
    if not total or not refusals.exists():
        return None
    values = ches.values_list("value", flat=True)
    places = (0, total // 3, 2 * total // 3, total - 1)
    edges = [float(values[place] or 0.0) for place in places]
    both = ches.annotate(refused=Subquery(refusals.filter(item=OuterRef("item")).values("value")[:1]))
    rows = []
    for place, band in enumerate(BANDS):
        low, high = edges[place], edges[place + 1]
        inside = both.filter(value__gte=low) if place else both
        inside = inside.filter(value__lt=high) if place < len(BANDS) - 1 else inside
        counts = dict(inside.order_by().values_list("refused").annotate(n=Count("pk")))
        rows.append((band, low, high, [counts.get(float(sides), 0) for sides in range(3)]))
    return CrossTab(rows, sum(sum(row[3]) for row in rows))
