"""Settled items as pairs: the bridge from rows to the columns that recipes work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, QuerySet

from annotate.enums import Verdict
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pair_of, pairable_items
from curation.enums import Pool, Scorer
from curation.models import Estimate, Score

if TYPE_CHECKING:
    from curation.numerics.selection import PairColumns


@dataclass(frozen=True, slots=True)
class SettledPair:
    """One item with its estimate, turned so that ``chosen`` is the settled side.

    Where the verdict names no side, ``chosen`` is the first candidate as stored and ``decided`` is False.
    """

    item: Item
    estimate: Estimate
    chosen: Candidate
    rejected: Candidate
    decided: bool
    ln_ches: float | None


def estimated_items(project: Project, *, pool: Pool) -> QuerySet[Item]:
    """Items that this pool has settled, ready to be read as pairs."""
    return (
        pairable_items(project)
        .filter(estimates__pool=pool)
        .prefetch_related(
            Prefetch("candidates", Candidate.objects.order_by("position")),
            Prefetch("estimates", Estimate.objects.filter(pool=pool), to_attr="pool_estimates"),
            Prefetch(
                "scores", Score.objects.filter(scorer=Scorer.CHES).order_by("pk"), to_attr="ches_scores"
            ),
        )
        .order_by("external_id")
    )


def settled_pairs(project: Project, *, pool: Pool) -> Iterator[SettledPair]:
    """Every settled pair of a project in the order of the items' ids, a thousand rows at a time."""
    for item in estimated_items(project, pool=pool).iterator(chunk_size=1000):
        pair = pair_of(item)
        if pair is not None:
            yield turned(item, pair, item.pool_estimates[0], item.ches_scores)  # type: ignore[attr-defined]


def turned(
    item: Item, pair: tuple[Candidate, Candidate], estimate: Estimate, scores: Sequence[Score]
) -> SettledPair:
    first, second = pair
    swapped = estimate.verdict == Verdict.SECOND
    latest = next((one for one in reversed(scores) if one.first_id == first.pk), None)
    return SettledPair(
        item=item,
        estimate=estimate,
        chosen=second if swapped else first,
        rejected=first if swapped else second,
        decided=estimate.verdict in (Verdict.FIRST, Verdict.SECOND),
        ln_ches=ln_ches_of(latest.details, swapped=swapped) if latest else None,
    )


def ln_ches_of(details: dict[str, Any], *, swapped: bool) -> float | None:
    """LN-CHES of a stored pair with either side chosen, from its Gram scalars."""
    from curation.numerics.ches import ln_ches

    if details.get("cross") is None:
        return None
    chosen, rejected = ("second", "first") if swapped else ("first", "second")
    return float(
        ln_ches(
            details["cross"], details[f"square_{chosen}"], details[f"n_{chosen}"], details[f"n_{rejected}"]
        )
    )


def ches_of(details: dict[str, Any], *, swapped: bool) -> float | None:
    """CHES of a stored pair with either side chosen."""
    from curation.numerics.ches import ches

    if details.get("cross") is None:
        return None
    return float(ches(details["cross"], details["square_second" if swapped else "square_first"]))


def pair_columns(pairs: Sequence[SettledPair]) -> PairColumns:
    """The pairs as the columns that a recipe works on."""
    import numpy as np

    from curation.numerics.selection import PairColumns

    return PairColumns(
        ids=[pair.item.external_id for pair in pairs],
        verdicts=[pair.estimate.verdict for pair in pairs],
        prompts=[pair.item.group_key for pair in pairs],
        chosen=[pair.chosen.text for pair in pairs],
        rejected=[pair.rejected.text for pair in pairs],
        ln_ches=np.array(
            [np.nan if pair.ln_ches is None else pair.ln_ches for pair in pairs], dtype=np.float64
        ),
    )
