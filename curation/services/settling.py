"""Stage 6: judgments become one estimate per item, for people and models apart and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotate.enums import JobKind, JudgeKind
from annotate.keys import content_key
from annotate.models import Job, Project
from annotate.selectors.judgments import Vote, votes_by_item, votes_of
from annotate.services.jobs import enqueue_job
from curation.enums import Pool
from curation.models import Estimate, Settlement

if TYPE_CHECKING:
    from curation.numerics.agreement import Alpha

METHOD = "majority"


@dataclass(frozen=True, slots=True)
class SettlingReport:
    """Estimates by pool, and how many of them are new or changed."""

    estimates: dict[str, int]
    changed: int
    alpha: dict[str, float | None]


def settle_items(*, project: Project) -> SettlingReport:
    """Settle everything that was judged. What has not changed since is left as it is."""
    votes = votes_of(project)
    counts: dict[str, int] = {}
    alphas: dict[str, float | None] = {}
    changed = 0
    for pool in Pool:
        chosen = votes_in(pool, votes)
        with transaction.atomic():
            counts[pool.value], fresh = _settle_pool(project, pool, chosen)
            alphas[pool.value] = _note_agreement(project, pool, chosen)
        changed += fresh
    return SettlingReport(counts, changed, alphas)


def votes_in(pool: Pool, votes: Sequence[Vote]) -> list[Vote]:
    """The votes that count in a pool."""
    people = [vote for vote in votes if vote.kind == JudgeKind.PERSON]
    if pool == Pool.TOGETHER:
        return list(votes)
    if pool == Pool.PEOPLE:
        return people
    models = [vote for vote in votes if vote.kind == JudgeKind.MODEL]
    if pool == Pool.MODELS:
        return models
    judged_by_people = {vote.item_id for vote in people}
    rest = [vote for vote in models if vote.item_id not in judged_by_people]
    return sorted(people + rest, key=lambda vote: (vote.item_id, vote.judge_id))


def ask_to_settle(*, project: Project) -> Job:
    """Leave settling to a worker; asking twice about the same votes is asking once.

    Named by the votes and by when they were settled last: a vote that was changed and changed back has to
    be settled anew, although these very votes were settled before.
    """
    votes = [[vote.item_id, vote.judge_id, vote.preference] for vote in votes_of(project)]
    last = Settlement.objects.filter(project=project).aggregate(last=Max("made_at"))["last"]
    payload = {"votes": content_key(votes), "settled": last.isoformat() if last else None}
    return enqueue_job(kind=JobKind.SETTLE, project=project, payload=payload)


def _settle_pool(project: Project, pool: Pool, votes: Sequence[Vote]) -> tuple[int, int]:
    """Write the pool's estimates; those of items nobody of the pool judges any more are removed."""
    from curation.numerics.settling import settle_votes

    known = dict(
        Estimate.objects.filter(item__project=project, pool=pool, method=METHOD).values_list(
            "item_id", "input_hash"
        )
    )
    grouped = votes_by_item(votes)
    fresh: list[Estimate] = []
    for item_id, cast in grouped.items():
        preferences = [vote.preference for vote in cast]
        input_hash = content_key(METHOD, [[vote.judge_id, vote.preference] for vote in cast])
        if known.get(item_id) == input_hash:
            continue
        settled = settle_votes(preferences)
        fresh.append(
            Estimate(
                item_id=item_id,
                pool=pool,
                method=METHOD,
                verdict=settled.verdict,
                preference=settled.preference,
                strength=settled.strength,
                confidence=settled.confidence,
                n_judges=settled.n_judges,
                spread=settled.spread,
                input_hash=input_hash,
                made_at=timezone.now(),
            )
        )
    Estimate.objects.bulk_create(
        fresh,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["item", "pool", "method"],
        update_fields=[
            "verdict", "preference", "strength", "confidence", "n_judges", "spread", "input_hash", "made_at"
        ],
    )  # fmt: skip
    gone = sorted(set(known) - set(grouped))
    for start in range(0, len(gone), 500):
        Estimate.objects.filter(item_id__in=gone[start : start + 500], pool=pool, method=METHOD).delete()
    return len(grouped), len(fresh) + len(gone)


def _note_agreement(project: Project, pool: Pool, votes: Sequence[Vote]) -> float | None:
    """Krippendorff's ordinal alpha over the pool, kept beside the estimates it belongs to."""
    grouped = votes_by_item(votes)
    alpha = agreement_of(votes)
    Settlement.objects.update_or_create(
        project=project,
        pool=pool,
        method=METHOD,
        defaults={
            "alpha": _finite(alpha.alpha),
            "alpha_low": _finite(alpha.low),
            "alpha_high": _finite(alpha.high),
            "n_items": len(grouped),
            "n_judgments": len(votes),
            "n_units": alpha.n_units,
            "input_hash": content_key([[vote.item_id, vote.judge_id, vote.preference] for vote in votes]),
            "made_at": timezone.now(),
        },
    )
    return _finite(alpha.alpha)


def agreement_of(votes: Sequence[Vote]) -> Alpha:
    """Alpha of strengths on the ordinal scale −3..3, a tie as 0; "neither" is on no such scale and left
    out."""
    import numpy as np

    from curation.numerics.agreement import krippendorff_alpha

    rows = {item: row for row, item in enumerate(sorted({vote.item_id for vote in votes}))}
    columns = {judge: column for column, judge in enumerate(sorted({vote.judge_id for vote in votes}))}
    values = np.full((len(rows), len(columns)), np.nan)
    for vote in votes:
        if vote.preference != "neither":
            number = 0 if vote.preference == "tie" else int(vote.preference)
            values[rows[vote.item_id], columns[vote.judge_id]] = number
    return krippendorff_alpha(values, level="ordinal")


def _finite(number: float | None) -> float | None:
    return None if number is None or number != number else float(number)
