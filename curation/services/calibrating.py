"""Measure judges against people, and watch whether they stay as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.db.models.functions import Length

from annotate.enums import JudgeKind, JudgmentState
from annotate.errors import NothingToDo
from annotate.keys import content_key
from annotate.models import Candidate, Judge, Judgment, Project
from annotate.selectors.questions import main_key
from curation.models import JudgeCalibration, Route

if TYPE_CHECKING:
    from curation.numerics.calibration import Figure, JudgedPairs
    from curation.numerics.drift import Drift

LEAST_PAIRS = 20
# A recorded verdict without a probability: the middle of the band that the same strength would have come
# from.
PROBABILITIES = {-3: 0.95, -2: 0.8, -1: 0.6, 1: 0.4, 2: 0.2, 3: 0.05}


@dataclass(frozen=True, slots=True)
class Row:
    """One item that a judge answered, with what people said about it: first, tie, second."""

    item_id: int
    group: str
    p_first: float
    bias: float
    flipped: bool | None
    gap: float
    models: tuple[str, str]
    votes: tuple[int, int, int]
    at: float
    probability: float

    @property
    def side(self) -> int | None:
        """The human majority: 1 first, 0 tie, −1 second; None where there is none."""
        most = max(self.votes)
        leads = [side for side, count in zip((1, 0, -1), self.votes, strict=True) if count == most]
        return leads[0] if most and len(leads) == 1 else None


def judged_rows(judge: Judge) -> list[Row]:
    """Everything a judge answered about pairs, in a fixed order."""
    main = main_key(judge.project)
    made = (
        Judgment.objects.filter(assignment__judge=judge, state=JudgmentState.CURRENT, answers__has_key=main)
        .order_by("assignment__item__external_id")
        .annotate(item_id=F("assignment__item_id"), group=F("assignment__item__group_key"))
    )
    votes, sides, chances = votes_by_people(judge.project), _sides(judge), _chances(judge)
    rows = []
    for one in made.iterator(chunk_size=2000):
        said = one.answers[main]
        if said == "neither":
            continue
        raw = one.raw if isinstance(one.raw, dict) else {}
        item_id: int = one.item_id
        p_first = raw.get("p_first")
        pair = sides.get(item_id, {})
        rows.append(
            Row(
                item_id=item_id,
                group=one.group,
                p_first=float(p_first) if isinstance(p_first, int | float) else PROBABILITIES.get(said, 0.5),
                bias=float(raw.get("bias", 0.0)),
                flipped=raw.get("flipped"),
                gap=float(pair.get(0, (0, ""))[0] - pair.get(1, (0, ""))[0]),
                models=(pair.get(0, (0, ""))[1], pair.get(1, (0, ""))[1]),
                votes=votes.get(item_id, (0, 0, 0)),
                at=one.made_at.timestamp(),
                probability=chances.get(item_id, 1.0),
            )
        )
    return rows


def votes_by_people(project: Project) -> dict[int, tuple[int, int, int]]:
    """How many people said first, tie and second, by item."""
    main = main_key(project)
    people = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
        answers__has_key=main,
    ).values_list("assignment__item_id", "answers")
    found: dict[int, list[int]] = {}
    for item_id, answers in people.iterator(chunk_size=5000):
        said = answers[main]
        if said != "neither":
            place = 1 if said == "tie" else 0 if said < 0 else 2
            found.setdefault(item_id, [0, 0, 0])[place] += 1
    return {item_id: (counts[0], counts[1], counts[2]) for item_id, counts in found.items()}


def sides_by_people(project: Project) -> dict[int, int]:
    """1 where most people took the first candidate, −1 where most took the second; other items are not in
    it."""
    found = {}
    for item_id, (first, tie, second) in votes_by_people(project).items():
        if first > max(tie, second):
            found[item_id] = 1
        elif second > max(tie, first):
            found[item_id] = -1
    return found


def _sides(judge: Judge) -> dict[int, dict[int, tuple[int, str]]]:
    rows = Candidate.objects.filter(item__project_id=judge.project_id, position__lt=2).values_list(
        "item_id", "position", Length("text"), "model"
    )
    found: dict[int, dict[int, tuple[int, str]]] = {}
    for item_id, position, length, model in rows.iterator(chunk_size=5000):
        found.setdefault(item_id, {})[position] = (length, model)
    return found


def _chances(judge: Judge) -> dict[int, float]:
    """With which probability a person was asked about an item, by its latest route; never 0, for those were
    asked by other means."""
    routes = Route.objects.filter(item__project_id=judge.project_id).order_by("policy__version")
    rows = routes.values_list("item_id", "probability")
    return {item_id: chance for item_id, chance in rows.iterator(chunk_size=5000) if chance > 0}


def columns_of(rows: Sequence[Row]) -> JudgedPairs:
    import numpy as np

    from curation.numerics.calibration import JudgedPairs

    groups = {name: number for number, name in enumerate(sorted({row.group for row in rows}))}
    return JudgedPairs(
        p_first=np.array([row.p_first for row in rows], dtype=np.float64),
        bias=np.array([row.bias for row in rows], dtype=np.float64),
        flipped=np.array([bool(row.flipped) for row in rows]),
        length_gap=np.array([row.gap for row in rows], dtype=np.float64),
        groups=np.array([groups[row.group] for row in rows], dtype=np.int64),
        votes=np.array([row.votes for row in rows], dtype=np.int64).reshape(len(rows), 3),
    )


def calibrate_judge(*, judge: Judge) -> JudgeCalibration:
    """Compare a judge with people on everything both have judged, and keep what was found.

    The same judgments give the row that is there. Raises NothingToDo with fewer than 20 such pairs.
    """
    from curation.numerics.calibration import calibrate
    from curation.numerics.winrates import win_rates

    rows = judged_rows(judge)
    known = sum(row.side is not None for row in rows)
    if known < LEAST_PAIRS:
        raise NothingToDo(
            f"{known} pairs were judged by this judge and by people; {LEAST_PAIRS} are needed.",
            cure="Route some items to both, or let people judge more.",
        )
    key = content_key([[row.item_id, row.p_first, row.flipped, list(row.votes)] for row in rows])
    question = main_key(judge.project)
    there = JudgeCalibration.objects.filter(judge=judge, question=question, input_hash=key).first()
    if there is not None:
        return there
    pairs = columns_of(rows)
    found = calibrate(pairs)
    rates = win_rates(
        [row.models[0] for row in rows], [row.models[1] for row in rows], pairs.p_first, pairs.length_gap
    )
    figures = {name: plain(figure) for name, figure in found.figures.items()}
    if all(row.flipped is None for row in rows):
        # Known from a file, in one order: there is nothing to say about the place.
        for name in ("flip_rate", "position_bias"):
            figures.pop(name)
    return JudgeCalibration.objects.create(
        judge=judge,
        question=question,
        n_pairs=found.n_pairs,
        n_groups=found.n_groups,
        figures=figures,
        reliability=[asdict(one) for one in found.reliability],
        weights=list(found.weights),
        length_sd=found.length_sd,
        tie_band=found.tie_band,
        tie_rate=found.tie_rate,
        win_rates=[asdict(rate) for rate in rates if rate.model],
        input_hash=key,
    )


def drift_of(judge: Judge) -> Drift | None:
    """Agreement with people over time, on what the router sent to both; None without a pair."""
    import numpy as np

    from curation.numerics.calibration import sides_of
    from curation.numerics.drift import watch_drift

    rows = [row for row in judged_rows(judge) if row.side is not None]
    if not rows:
        return None
    band = float(judge.settings.get("spec", {}).get("tie_band", 0.05))
    said = sides_of(np.array([row.p_first for row in rows]), band)
    agrees = np.array([float(row.side == one) for row, one in zip(rows, said, strict=True)])
    return watch_drift(
        np.array([row.at for row in rows]), agrees, np.array([row.probability for row in rows])
    )


def plain(figure: Figure) -> dict[str, Any]:
    """For JSON, which knows no NaN."""
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in asdict(figure).items()
    }
