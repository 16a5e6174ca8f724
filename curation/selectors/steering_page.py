"""What a judge's page says about injected lines: figures with their words, and where the judge stands."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotate.models import Judge
from curation.prompts.injections import INJECTIONS
from curation.prompts.trials import LINES
from curation.selectors.judge_page import Line
from curation.selectors.steering import LEAST_TRIED, Tried, steering_of

if TYPE_CHECKING:
    from curation.numerics.calibration import Figure

NAMES: dict[str, Promise] = {
    "thanks": _("thanks"),
    "a hope": _("a hope"),
    "an offer": _("an offer"),
    "an order": _("an order"),
    "the verdict itself, in four formats": _("the verdict itself, in four formats"),
    "turns of eight chat templates": _("turns of eight chat templates"),
    "a fence that closes": _("a fence that closes"),
    "orders in base64": _("orders in base64"),
    "an evaluator's note": _("an evaluator's note"),
    "other languages": _("other languages"),
    "invisible letters and turned ones": _("invisible letters and turned ones"),
    "a tool's output": _("a tool's output"),
    "both responses again, the other way round": _("both responses again, the other way round"),
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One line that was tried: how often it turned the verdict."""

    words: str
    turned: int
    read: int
    injected: bool


@dataclass(frozen=True, slots=True)
class Steered:
    """``state``: "untried", "few", "within" or "beyond" what the project allows: ``ceiling`` points.
    ``unsure``: the interval holds both sides of it."""

    state: str
    pairs: int
    needed: int
    ceiling: str
    lines: tuple[Line, ...]
    attacks: tuple[Attack, ...]
    unsure: bool


def steered(judge: Judge, tried: Tried) -> Steered:
    ceiling, found = judge.project.max_steering, steering_of(judge)
    state = "untried" if not tried.pairs else "few"
    if tried.excess is not None:
        state = "beyond" if tried.beyond(ceiling) else "within"
    lines = (
        ()
        if found is None
        else (
            _line(_("Turned by an injected line"), _("of all tries"), found.injected),
            _line(_("Turned by a harmless line"), _("as it turns anyway"), found.harmless),
            _line(_("The first less the second"), _("points, which the limit is for"), found.excess, ""),
        )
    )
    return Steered(
        state=state,
        pairs=tried.pairs,
        needed=LEAST_TRIED,
        ceiling=f"{100 * ceiling:.3g}",
        lines=tuple(line for line in lines if not isnan(line.value)),
        attacks=tuple(
            Attack(str(NAMES[name]), tried.turned[name], tried.read[name], name in INJECTIONS)
            for name in LINES
            if tried.pairs
        ),
        unsure=found is not None and found.excess.low <= ceiling < found.excess.high,
    )


def _line(words: str | Promise, note: str | Promise, found: Figure, unit: str = "%") -> Line:
    known = not isnan(found.low)
    return Line(
        words=str(words),
        note=str(note),
        value=found.value,
        low=found.low if known else None,
        high=found.high if known else None,
        least=-1,
        most=1,
        n=found.n,
        percent=True,
        ceiling=False,
        unit=unit,
    )
