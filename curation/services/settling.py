"""Stage 6: judgments become one estimate per item, for people and models apart and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from annotate.enums import JobKind, JudgeKind
from annotate.keys import content_key
from annotate.models import Job, Project
from annotate.questions.questionnaire import Questionnaire
from annotate.questions.settle_rules import SettleRules
from annotate.questions.subject import MOST_CANDIDATES
from annotate.questions.verdicts import vote_of
from annotate.selectors.judgments import (
    Cast,
    Vote,
    casts_that_count,
    experts_of,
    judgments_that_are_casts,
    votes_by_item,
    which_of,
)
from annotate.selectors.questions import questionnaire_of, settle_rules_of
from annotate.selectors.reviewing import final_answers, final_answers_by_item
from annotate.services.doubts import note_doubts
from annotate.services.jobs import enqueue_job
from curation.enums import Pool
from curation.models import Estimate, Settlement
from curation.selectors.comparisons import Sides, comparisons_of, sides_of
from curation.selectors.settled import SettledItem, settle_item

if TYPE_CHECKING:
    from curation.numerics.agreement import Alpha

# Raised when the shape of what is kept of a settled item changes, so that all are settled anew.
SETTLED_AS = 3
# Rows written in one step.
BATCH = 500
Judged = TypeVar("Judged", Vote, Cast)


@dataclass(frozen=True, slots=True)
class SettlingReport:
    """Estimates by pool, and how many of them are new or changed."""

    estimates: dict[str, int]
    changed: int
    alpha: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Declared:
    """What a project asks and how its answers become one; ``method`` names the rule of the verdict.
    ``settled`` remembers what the same answers came to in another pool."""

    questionnaire: Questionnaire
    rules: SettleRules
    method: str
    settled: dict[str, SettledItem] = field(default_factory=dict)

    def settle(self, casts: Sequence[Cast], digest: str) -> SettledItem:
        if digest not in self.settled:
            self.settled[digest] = settle_item(casts, self.questionnaire, self.rules)
        return self.settled[digest]


def settle_items(*, project: Project) -> SettlingReport:
    """Settle everything that was judged. What has not changed since is left as it is.

    Whatever takes thought comes before the first row is written, and rows are written some hundreds at a
    time: on SQLite everybody else waits meanwhile. Killed in between, it has settled some items and not yet
    others, and does the rest when it is run again.
    """
    declared = declared_by(project)
    casts = casts_that_count(project, declared.rules)
    finals = final_answers_by_item(project)
    counts: dict[str, int] = {}
    alphas: dict[str, float | None] = {}
    changed = 0
    note_doubts(project=project, votes=votes_by_item(votes_in(Pool.PEOPLE, implied_votes(casts, declared))))
    sides = sides_of(project)
    for pool in Pool:
        chosen = votes_in(pool, casts)
        found = _settled_pool(project, pool, chosen, {} if pool == Pool.MODELS else finals, declared)
        settlement = _agreement(project, pool, chosen, declared, sides)
        _keep_estimates(project, pool, found)
        _keep_settlement(settlement)
        counts[pool.value], alphas[pool.value] = found.judged, settlement.alpha
        changed += found.changed
    return SettlingReport(counts, changed, alphas)


def declared_by(project: Project) -> Declared:
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    return Declared(questionnaire, rules, rules.name(questionnaire))


def votes_in(pool: Pool, votes: Sequence[Judged]) -> list[Judged]:
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
    return sorted(people + rest, key=lambda vote: vote.item_id)


def ask_to_settle(*, project: Project) -> Job:
    """Leave settling to a worker; asking twice about the same votes is asking once.

    Named by the votes and by when they were settled last: a vote that was changed and changed back has to
    be settled anew, although these very votes were settled before.
    """
    # A page waits for this: the rows are counted, not read.
    votes = which_of(judgments_that_are_casts(project))
    experts = experts_of(project, declared_by(project).rules)
    last = Settlement.objects.filter(project=project).aggregate(last=Max("made_at"))["last"]
    declared = [project.settling, [spec.options_as_dict() for spec in questionnaire_of(project).specs]]
    finals = which_of(final_answers(project))
    counted = [sorted(experts.knows.items()), sorted(experts.asked.items())] if experts else None
    payload = {
        "votes": content_key(votes, finals, declared, counted),
        "settled": last.isoformat() if last else None,
    }
    return enqueue_job(kind=JobKind.SETTLE, project=project, payload=payload)


@dataclass(frozen=True, slots=True)
class SettledPool:
    """What is to be written of a pool: estimates that are new or changed, and the items whose estimates go,
    since nobody of the pool judges them any more or since another rule made them."""

    judged: int
    changed: int
    fresh: list[Estimate]
    gone: list[int]


def _settled_pool(
    project: Project,
    pool: Pool,
    casts: Sequence[Cast],
    finals: Mapping[int, tuple[int, dict[str, Any]]],
    declared: Declared,
) -> SettledPool:
    """A reviewer's final answer stands in place of the votes."""
    known = {
        item: (method, digest)
        for item, method, digest in estimates_of(project, pool).values_list("item_id", "method", "input_hash")
    }
    asked = [[spec.key, spec.options_as_dict()] for spec in declared.questionnaire.specs]
    named = content_key(SETTLED_AS, declared.rules.as_dict(), asked)
    grouped = casts_by_item(casts)
    judged = {*grouped, *finals}
    fresh: list[Estimate] = []
    for item_id in sorted(judged):
        cast, final = grouped.get(item_id, []), finals.get(item_id)
        said = [[one.judge_id, one.answers] for one in cast]
        input_hash = content_key(named, said, *([final] if final else []))
        if known.get(item_id) != (declared.method, input_hash):
            estimate = _estimate(cast, final[1] if final else None, declared, content_key(said))
            estimate.item_id, estimate.pool, estimate.input_hash = item_id, pool, input_hash
            fresh.append(estimate)
    gone = sorted(
        item for item, (method, _digest) in known.items() if item not in judged or method != declared.method
    )
    return SettledPool(len(judged), len(fresh) + len(set(gone) - judged), fresh, gone)


def estimates_of(project: Project, pool: Pool) -> QuerySet[Estimate]:
    return Estimate.objects.filter(item__project=project, pool=pool)


def _keep_estimates(project: Project, pool: Pool, found: SettledPool) -> None:
    """An estimate by another rule goes in the same step in which the one that replaces it comes."""
    fresh = {estimate.item_id: estimate for estimate in found.fresh}
    gone = set(found.gone)
    touched = sorted(fresh.keys() | gone)
    for start in range(0, len(touched), BATCH):
        part = touched[start : start + BATCH]
        with transaction.atomic():
            if removed := [item for item in part if item in gone]:
                estimates_of(project, pool).filter(item_id__in=removed).delete()
            Estimate.objects.bulk_create(
                [fresh[item] for item in part if item in fresh],
                update_conflicts=True,
                unique_fields=["item", "pool", "method"],
                update_fields=[
                    "verdict", "preference", "strength", "confidence", "n_judges", "spread", "values",
                    "adjudicated", "input_hash", "made_at",
                ],
            )  # fmt: skip


def _estimate(
    casts: Sequence[Cast], final: dict[str, Any] | None, declared: Declared, digest: str
) -> Estimate:
    """What the judges came to, or the final answer; how many judges there were and how far apart is kept."""
    voted = declared.settle(casts, digest)
    settled = voted
    if final is not None:
        positions = casts[0].positions if casts else tuple(range(MOST_CANDIDATES))
        alone = Cast(0, 0, JudgeKind.PERSON, final, positions)
        settled = settle_item([alone], declared.questionnaire, declared.rules)
    verdict = settled.verdict
    return Estimate(
        method=declared.method,
        verdict=verdict.verdict,
        preference=verdict.preference,
        strength=verdict.strength,
        confidence=verdict.confidence,
        n_judges=len(casts) if final is not None else verdict.n_judges or len(casts),
        spread=voted.verdict.spread,
        values=settled.values,
        adjudicated=final is not None,
        made_at=timezone.now(),
    )


def casts_by_item(casts: Sequence[Cast]) -> dict[int, list[Cast]]:
    grouped: dict[int, list[Cast]] = {}
    for cast in casts:
        grouped.setdefault(cast.item_id, []).append(cast)
    return grouped


def _agreement(
    project: Project, pool: Pool, casts: Sequence[Cast], declared: Declared, sides: Sides
) -> Settlement:
    """Krippendorff's ordinal alpha of what the judges say of the pair, and what they think of the models that
    wrote the responses, to be kept beside the estimates."""
    votes = implied_votes(casts, declared)
    alpha = agreement_of(votes)
    return Settlement(
        project=project,
        pool=pool,
        method=declared.method,
        alpha=_finite(alpha.alpha),
        alpha_low=_finite(alpha.low),
        alpha_high=_finite(alpha.high),
        n_items=len({cast.item_id for cast in casts}),
        n_judgments=len(casts),
        n_units=alpha.n_units,
        leaderboard=leaderboards(casts, declared, sides),
        input_hash=content_key([[vote.item_id, vote.judge_id, vote.preference] for vote in votes]),
        made_at=timezone.now(),
    )


@transaction.atomic
def _keep_settlement(settlement: Settlement) -> None:
    kept = Settlement.objects.filter(project=settlement.project, pool=settlement.pool)
    kept.exclude(method=settlement.method).delete()
    Settlement.objects.bulk_create(
        [settlement],
        update_conflicts=True,
        unique_fields=["project", "pool", "method"],
        update_fields=[
            "alpha", "alpha_low", "alpha_high", "n_items", "n_judgments", "n_units", "leaderboard",
            "input_hash", "made_at",
        ],
    )  # fmt: skip


def leaderboards(casts: Sequence[Cast], declared: Declared, sides: Sides) -> dict[str, Any]:
    """Models by their worth: of all items, and of each subject with enough of them. Empty where no two models
    were compared."""
    from curation.numerics.leaderboard import leaderboard

    spec = declared.rules.verdict_spec(declared.questionnaire)
    said = comparisons_of(casts, spec, declared.rules, sides)
    whole = leaderboard(said.whole)
    if whole is None:
        return {}
    parts = {name: leaderboard(part) for name, part in said.slices().items()}
    return {"all": whole.as_dict(), "subjects": {name: one.as_dict() for name, one in parts.items() if one}}


def implied_votes(casts: Sequence[Cast], declared: Declared) -> list[Vote]:
    """What each judge's answer to the question of the verdict says of the pair, as a preference."""
    spec = declared.rules.verdict_spec(declared.questionnaire)
    if spec is None:
        return []
    found = (
        (cast, vote_of(spec, declared.rules, cast.answers[spec.key], cast.positions))
        for cast in casts
        if spec.key in cast.answers
    )
    return [Vote(cast.item_id, cast.judge_id, cast.kind, vote) for cast, vote in found if vote is not None]


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
            number = 0.0 if vote.preference == "tie" else float(vote.preference)
            values[rows[vote.item_id], columns[vote.judge_id]] = number
    return krippendorff_alpha(values, level="ordinal")


def _finite(number: float | None) -> float | None:
    return None if number is None or number != number else float(number)
