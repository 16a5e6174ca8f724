"""What each budget would buy in a project, by its prices and by its last replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from annotate.enums import JobKind, JobState, JudgeKind, JudgmentState
from annotate.models import Job, Judgment, Project
from annotate.selectors.items import pairable_items

if TYPE_CHECKING:
    from curation.numerics.routing.planning import Choice, Prices

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHOWN = ("random", "uncertainty", "learned")
DEFAULT_SECONDS = 60.0
# The most judgments that the usual time is read from: the latest.
TIMED = 500


@dataclass(frozen=True, slots=True)
class Predicted:
    """Accuracy of the labels by one policy at one share, with its interval; from the last replay."""

    policy: str
    accuracy: float
    low: float
    high: float

    @property
    def words(self) -> str:
        return str(NAMES[self.policy])


@dataclass(frozen=True, slots=True)
class PlanRow:
    choice: Choice
    predicted: list[Predicted]


@dataclass(frozen=True, slots=True)
class Plan:
    """``rows`` at every tenth, ``chosen`` at the place of the slider. ``model_accuracy``: of the model judge,
    on what people judged; None where no replay says it. ``series``: the curves behind the predictions, from
    ``floor`` up."""

    items: int
    chosen: PlanRow
    rows: list[PlanRow]
    policies: list[str]
    model_accuracy: float | None
    series: list[dict[str, Any]]
    floor: float


def last_replay(project: Project) -> Job | None:
    """The latest replay that ended well."""
    return project.jobs.filter(kind=JobKind.REPLAY, state=JobState.DONE, parent=None).order_by("-pk").first()


def last_recheck(project: Project) -> Job | None:
    return project.jobs.filter(kind=JobKind.RECHECK, state=JobState.DONE, parent=None).order_by("-pk").first()


def usual_seconds(project: Project) -> float:
    """The median time of a person's judgment, or a minute where none was timed."""
    timed = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
        seconds__gt=0,
    ).order_by("-pk")
    seconds = [float(one or 0) for one in timed.values_list("seconds", flat=True)[:TIMED]]
    return median(seconds) if seconds else DEFAULT_SECONDS


def project_plan(
    project: Project,
    prices: Prices,
    *,
    share: float,
    ask_models: bool,
    person_accuracy: float | None = None,
) -> Plan:
    from curation.numerics.routing.planning import plan

    items = pairable_items(project).count()
    replayed = last_replay(project)
    policies = (replayed.result if replayed else {}).get("policies", {})
    at_zero = _at(policies["random"], 0.0)[0] if "random" in policies else None
    shares = (*SHARES, share)
    choices = plan(items, prices, shares, ask_models=ask_models, person=person_accuracy, model=at_zero)
    rows = [PlanRow(choice, _predictions(policies, choice.share)) for choice in choices]
    known = {name: policies[name] for name in SHOWN if name in policies}
    return Plan(
        items, rows[-1], rows[:-1], list(known), at_zero, replay_series({"policies": known}), _floor(known)
    )


def replay_series(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The curves of a replay for the chart, the learned router on top."""
    order = (
        "oracle",
        "random",
        "everyone",
        "rules",
        "disagreement",
        "mixture",
        "uncertainty",
        "learned_live",
        "learned",
    )
    found = result.get("policies", {})
    return [
        {
            "kind": name,
            "at": found[name]["budget"],
            "values": found[name]["accuracy"],
            "low": found[name]["low"] if name in SHOWN else None,
            "high": found[name]["high"] if name in SHOWN else None,
        }
        for name in order
        if name in found
    ]


def replay_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """A line per policy for the table, the largest area first."""
    verdict = result.get("verdict", {})
    closed, areas = verdict.get("gap_closed", {}), verdict.get("areas", {})
    found = result.get("policies", {})
    floor = _floor(found)
    ground = {"floor": floor, "floor_percent": round(100 * floor)}
    rows = [
        {
            "name": name,
            "words": str(NAMES.get(name, name)),
            "closed": closed.get(name),
            "area": areas.get(name),
        }
        | ground
        | one
        for name, one in found.items()
    ]
    return sorted(rows, key=lambda row: -row["auc"])


def reward_curves(result: dict[str, Any]) -> dict[str, Any]:
    """The same of the proxy reward models that were trained on each policy's labels; empty where the replay
    had no embeddings."""
    found = result.get("verdict", {}).get("reward_curves", {})
    return {"series": replay_series({"policies": found}), "floor": _floor(found)} if found else {}


NAMES = {
    "random": _("Random"),
    "everyone": _("In the order they came"),
    "uncertainty": _("Judges unsure"),
    "disagreement": _("Judges disagree"),
    "rules": _("By rules"),
    "learned": _("Learned"),
    "learned_live": _("Learned on the way"),
    "mixture": _("Best predicted mixture"),
    "oracle": _("Oracle (the bound)"),
}


def _floor(policies: dict[str, Any]) -> float:
    """Where a chart begins: the tenth below the lowest accuracy."""
    return int(10 * min((min(one["accuracy"]) for one in policies.values()), default=0.0)) / 10


def _predictions(policies: dict[str, Any], share: float) -> list[Predicted]:
    return [Predicted(name, *_at(policies[name], share)) for name in SHOWN if name in policies]


def _at(curve: dict[str, Sequence[float]], share: float) -> tuple[float, float, float]:
    """Accuracy, low and high at a share, between the points of the curve on straight lines."""
    import numpy as np

    value, low, high = (
        float(np.interp(share, curve["budget"], curve[name])) for name in ("accuracy", "low", "high")
    )
    return value, low, high
