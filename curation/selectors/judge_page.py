"""What the judges' pages show: figures with their words, and the state a judge is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.enums import JudgeKind
from annotate.models import Allowance, Judge, Project
from annotate.selectors.progress import judges_of
from curation.models import JudgeCalibration
from curation.selectors.judging import allowance_for, call_totals, latest_calibration, standing_of

# Figure, its words, what they mean, and the ends of its scale.
FIGURES = (
    (
        "agreement",
        _("Agreement with each person"),
        _("every vote against its verdict, ties as ties"),
        0,
        1,
    ),
    (
        "human_agreement",
        _("Two people with each other"),
        _("the ceiling: every pair of votes on an item"),
        0,
        1,
    ),
    ("agreement_no_ties", _("Agreement without ties"), _("where both name a side"), 0, 1),
    ("human_agreement_no_ties", _("Two people, without ties"), _("the ceiling for the line above"), 0, 1),
    ("accuracy", _("Right by the majority"), _("the majority of people on each item, ties as ties"), 0, 1),
    ("accuracy_no_ties", _("Right, without ties"), _("where majority and judge both name a side"), 0, 1),
    ("accuracy_calibrated", _("Right after calibration"), _("cross-fitted by prompt"), 0, 1),
    ("kappa", _("Cohen’s kappa"), _("agreement beyond chance, three classes"), -1, 1),
    ("kappa_no_ties", _("Kappa without ties"), _("two classes"), -1, 1),
    ("ece", _("Calibration error"), _("ECE in ten bins, after calibration"), 0, 0.5),
    ("brier", _("Brier score"), _("squared error of the probability; a coin has 0.25"), 0, 0.5),
    ("flip_rate", _("Flips"), _("pairs whose winner turned with the order"), 0, 1),
    ("position_bias", _("Position bias"), _("logit that the place shown first gains"), -3, 3),
    ("length_bias", _("Length bias"), _("how much more often than people it takes the longer"), -1, 1),
)
PERCENT = frozenset(name for name, *_ in FIGURES) - {
    "kappa", "kappa_no_ties", "ece", "brier", "position_bias"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, ready to be shown; ``ceiling`` lines are about people only. ``unit``: of what is told in
    hundredths, "" for points."""

    words: str
    note: str
    value: float
    low: float | None
    high: float | None
    least: float
    most: float
    n: int
    percent: bool
    ceiling: bool
    unit: str = "%"

    @property
    def shown(self) -> str:
        return self._said(self.value)

    @property
    def interval(self) -> str:
        if self.low is None or self.high is None:
            return ""
        low, high = self._said(self.low), self._said(self.high)
        return gettext("%(low)s to %(high)s") % {"low": low.removesuffix(f" {self.unit}"), "high": high}

    def _said(self, value: float) -> str:
        if self.percent:
            return f"{number_format(round(100 * value, 1), 1)} {self.unit}".rstrip()
        return str(number_format(round(value, 3), 3))


def lines_of(calibration: JudgeCalibration | None) -> list[Line]:
    """The figures of a calibration in reading order, those left out that are not defined."""
    found: dict[str, dict[str, Any]] = calibration.figures if calibration else {}
    return [
        Line(
            str(words), str(note), one["value"], one["low"], one["high"], least, most, one["n"],
            name in PERCENT, name.startswith("human_"),
        )
        for name, words, note, least, most in FIGURES
        if (one := found.get(name)) and one["value"] is not None and one["n"]
    ]  # fmt: skip


def reliability_points(calibration: JudgeCalibration | None) -> list[tuple[float, float, int]]:
    """What was said, how it came out, and for how many pairs, by bin."""
    rows = calibration.reliability if calibration else []
    return [(row["said"], row["came"], row["n"]) for row in rows]


@dataclass(frozen=True, slots=True)
class JudgeRow:
    """A line of the list of judges."""

    judge: Judge
    n_judgments: int
    agreement: Line | None
    asked: bool
    flip_rate: float | None
    excess: float | None
    price: int
    state: str
    tone: str


def state_of(judge: Judge, allowance: Allowance | None, *, now: datetime) -> tuple[str, str]:
    """The state in a word, and the tone it is said in."""
    if judge.recorded:
        return gettext("recorded"), ""
    if judge.kind == JudgeKind.PERSON:
        return "", ""
    if allowance is not None and allowance.stopped:
        return gettext("stopped"), "bad"
    if allowance is not None and allowance.resting_until and allowance.resting_until > now:
        return gettext("endpoint down"), "warn"
    if standing_of(judge).alone:
        return gettext("ready"), "good"
    return gettext("not alone"), "warn"


def judge_rows(project: Project, *, now: datetime, most: int = 200) -> list[JudgeRow]:
    made = []
    for judge in judges_of(project).select_related("user", "project")[:most]:
        model = judge.kind == JudgeKind.MODEL
        lines = {line.words: line for line in lines_of(latest_calibration(judge))} if model else {}
        state, tone = state_of(judge, allowance_for(judge) if model else None, now=now)
        asked = model and not judge.recorded
        standing = standing_of(judge) if asked else None
        made.append(
            JudgeRow(
                judge=judge,
                n_judgments=judge.n_judgments,  # type: ignore[attr-defined]  # counted with the query
                agreement=lines.get(str(FIGURES[0][1])),
                asked=asked,
                flip_rate=standing.rate if standing else None,
                excess=standing.tried.excess if standing else None,
                price=call_totals(judge).price if asked else 0,
                state=state,
                tone=tone,
            )
        )
    return made
