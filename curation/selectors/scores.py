from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from annotate.enums import Verdict
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pair_of, pairable_items
from curation.enums import Pool, Scorer
from curation.models import Estimate, LatestScore, Score
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
    if score.scorer == Scorer.STRENGTH:
        return strength_columns(score, swapped=swapped)
    if score.scorer == Scorer.LOGPROB:
        return logprob_columns(score.details, swapped=swapped)
    if score.scorer != Scorer.CHES:
        value = score.value
        if score.scorer in (Scorer.LENGTH, Scorer.MARKUP) and value is not None:
            value = value if swapped else -value
        if score.scorer in (Scorer.REWARD, Scorer.UPLOADED) and value is not None and swapped:
            value = -value
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


def strength_columns(score: Score, *, swapped: bool) -> dict[str, Any]:
    """Strength towards the chosen side, which is not the label it was found for where that has changed."""
    turned = (score.details.get("label") == "second") != swapped
    numbers = {"strength": score.value, "strength_margin": score.details.get("margin")}
    return {
        **{name: -value if turned and value is not None else value for name, value in numbers.items()},
        "strength_spread": score.details.get("spread"),
        "strength_bin": score.details.get("bin"),
        "flip_proposed": bool(score.details.get("flip")) and not turned,
    }


def logprob_columns(details: dict[str, Any], *, swapped: bool) -> dict[str, Any]:
    """What the reference model thinks of both sides, and what follows for training on the pair."""
    import numpy as np

    from curation.numerics.difficulty import difficulty, log_ratio
    from curation.numerics.on_policy import on_policy_weight

    names = ("second", "first") if swapped else ("first", "second")
    chosen, rejected = ({} if details.get(name) is None else details[name] for name in names)
    totals = [side.get("total", np.nan) for side in (chosen, rejected)]
    found = difficulty(log_ratio(*totals))
    numbers = {
        "logp_chosen": totals[0],
        "logp_rejected": totals[1],
        "ref_logratio": float(log_ratio(*totals)),
        "needed_dpo_loss": float(found.needed_loss[0]),
        "on_policy_weight": float(
            on_policy_weight(*(side.get("excess", np.nan) for side in (chosen, rejected)))
        ),
    }
    known = {name: value if np.isfinite(value) else None for name, value in numbers.items()}
    return {**known, "difficulty": str(found.kinds[0]) or None}


def scores_on(item: Item) -> QuerySet[Score]:
    """All scores of an item, the first made first."""
    return Score.objects.filter(item=item).select_related("first", "second").order_by("scorer", "pk")


@dataclass(frozen=True, slots=True)
class ScorerCount:
    """How many pairs have a number by a scorer, how many of these carry a flag, and by which revision."""

    scored: int = 0
    without: int = 0
    flagged: int = 0
    revisions: tuple[str, ...] = ()


def score_counts(project: Project) -> dict[str, ScorerCount]:
    """Per scorer, of the scores that the pages show."""
    counted = (
        LatestScore.objects.filter(project=project)
        .values("scorer", "revision")
        .annotate(rows=Count("*"), numbers=Count("value"), flags=Count("flagged", filter=Q(flagged=True)))
        .order_by("scorer", "revision")
    )
    found = {scorer: ScorerCount() for scorer in Scorer.values}
    for row in counted:
        before = found[row["scorer"]]
        found[row["scorer"]] = ScorerCount(
            before.scored + row["numbers"],
            before.without + row["rows"] - row["numbers"],
            before.flagged + row["flags"],
            (*before.revisions, row["revision"]),
        )
    return found
