"""Labels of models that people should see again, ordered by what a look is worth for its cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from annotate.errors import NothingToDo
from annotate.models import Project
from curation.selectors.evidence import ProjectEvidence, project_evidence
from curation.selectors.replays import Embed, main_judge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.numerics.routing.table import RoutingTable

MOST = 100
LEAST_GOLD = 20
# A judge this sure that is contradicted by people: one of the two should be looked at.
SURE = 0.8
# The share of silver labels that the two statistics may flag.
FLAGGED = 0.1
WORDS_PER_MINUTE = 220


@dataclass(frozen=True, slots=True)
class Recheck:
    """``value``: probability that a look corrects the label. ``minutes``: to read the pair once."""

    item_id: int
    item: str
    reasons: list[str]
    value: float
    minutes: float

    @property
    def rank(self) -> float:
        return self.value / max(self.minutes, 0.05)


def recheck_queue(project: Project, *, embed: Embed) -> dict[str, Any]:
    """The queue as plain data, the worthiest first.

    Raises NothingToDo with fewer than 20 items that people have judged: without gold nothing says which label
    is harmful.
    """
    evidence = project_evidence(project)
    main = main_judge(evidence, None)
    judged = [place for place, record in enumerate(evidence.records) if record.verdicts.get(main, 0.0) != 0.0]
    people = {place: evidence.people.get(evidence.item_ids[place]) for place in judged}
    gold = [place for place in judged if people[place] in (-1, 1)]
    silver = [place for place in judged if people[place] is None]
    if len(gold) < LEAST_GOLD:
        raise NothingToDo(
            f"People have judged {len(gold)} of these items; looking for labels to check needs {LEAST_GOLD}.",
            cure="Let people judge a random share first.",
        )
    found = _flagged(evidence, main, silver, gold, embed) + _contradicted(evidence, main, judged, people)
    found.sort(key=lambda one: (-one.rank, one.item_id))
    return {
        "judge": main,
        "gold": len(gold),
        "silver": len(silver),
        "queue": [asdict(one) | {"rank": one.rank} for one in found[:MOST]],
        "found": len(found),
    }


def _flagged(
    evidence: ProjectEvidence, main: str, silver: list[int], gold: list[int], embed: Embed
) -> list[Recheck]:
    """Silver labels that harm gold or that other prompts do not believe."""
    import numpy as np

    from curation.numerics.routing.issues import label_issues
    from curation.numerics.routing.playing import pair_vectors
    from curation.numerics.routing.table import routing_table

    if not silver:
        return []
    table = routing_table(evidence.records, main=main)
    vectors = pair_vectors([evidence.records[place] for place in silver + gold], embed).astype(np.float64)
    truth = np.array([evidence.people[evidence.item_ids[place]] for place in gold], dtype=np.float64)
    issues = label_issues(
        vectors[: len(silver)],
        table.main[silver],
        table.groups[silver],
        vectors[len(silver) :],
        truth,
    )
    wrong = _wrong_probability(table, silver, gold, truth)
    limit = max(int(np.ceil(FLAGGED * len(silver))), 1)
    worst = set(np.argsort(-issues.influence, kind="stable")[:limit].tolist())
    unlikely = set(np.argsort(issues.confidence, kind="stable")[:limit].tolist())
    proposed = {row for row, place in enumerate(silver) if evidence.item_ids[place] in evidence.flips}
    found = []
    for row in sorted(worst | unlikely | proposed):
        reasons = []
        if row in worst and issues.influence[row] > 0:
            reasons.append("its label works against what people said of other items (negative influence)")
        if row in unlikely and issues.confidence[row] < 0.5:
            reasons.append(f"labels of other prompts give it a probability of {issues.confidence[row]:.2f}")
        if row in proposed:
            reasons.append("the strength ensemble proposes to flip it")
        if reasons:
            found.append(_recheck(evidence, silver[row], reasons, float(wrong[row])))
    return found


def _contradicted(
    evidence: ProjectEvidence, main: str, judged: list[int], people: dict[int, int | None]
) -> list[Recheck]:
    found = []
    for place in judged:
        record, said = evidence.records[place], people[place]
        sure = record.confidence.get(main, 0.0)
        reasons = []
        if said is not None and said != record.verdicts[main] and sure >= SURE:
            reasons.append(f"people and the judge disagree, and the judge is sure ({sure:.2f})")
        if said is not None and evidence.item_ids[place] in evidence.flips:
            reasons.append("the strength ensemble proposes to flip what people said")
        if reasons:
            # Either may be wrong; a third look decides as often for the one as for the other.
            found.append(_recheck(evidence, place, reasons, max(sure, SURE) / 2))
    return found


def _wrong_probability(
    table: RoutingTable, silver: list[int], gold: list[int], truth: NDArray[np.float64]
) -> NDArray[np.float64]:
    from curation.numerics.routing.learned import fit_router

    router = fit_router(table.features[gold], table.main[gold] != truth, table.groups[gold], table.names)
    return router.probability(table.features[silver])


def _recheck(evidence: ProjectEvidence, place: int, reasons: list[str], value: float) -> Recheck:
    record = evidence.records[place]
    words = sum(len(text.split()) for text in (record.prompt, record.first, record.second))
    return Recheck(evidence.item_ids[place], record.id, reasons, value, words / WORDS_PER_MINUTE)
