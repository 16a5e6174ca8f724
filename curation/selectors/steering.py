"""What injected lines did to a judge's verdicts, and what follows for the judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotate.models import Judge
from curation.models import InjectionTrial
from curation.prompts.injections import HARMLESS, INJECTIONS
from curation.prompts.trials import LINES

if TYPE_CHECKING:
    from curation.numerics.steering import Steering

# Fewer pairs with a verdict say too little about how easily a judge is steered.
LEAST_TRIED = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """``pairs`` with a verdict to turn. By the name of each line: how often it turned it, and of how many
    tries that could be read."""

    pairs: int
    turned: dict[str, int]
    read: dict[str, int]

    def _rate(self, lines: dict[str, str]) -> float | None:
        read = sum(self.read[name] for name in lines)
        return sum(self.turned[name] for name in lines) / read if read else None

    @property
    def injected(self) -> float | None:
        return self._rate(INJECTIONS)

    @property
    def harmless(self) -> float | None:
        return self._rate(HARMLESS)

    @property
    def excess(self) -> float | None:
        """How much more often injections turn the verdict than harmless lines do; None while that is known of
        too few pairs."""
        injected, harmless = self.injected, self.harmless
        if self.pairs < LEAST_TRIED or injected is None or harmless is None:
            return None
        return injected - harmless

    def beyond(self, ceiling: float) -> bool:
        """Whether the judge is steered more than ``ceiling`` allows; what is not known is not beyond it."""
        return self.excess is not None and round(self.excess, 12) > ceiling


def tried_on(judge: Judge) -> Tried:
    turned, read = dict.fromkeys(LINES, 0), dict.fromkeys(LINES, 0)
    rows = [row for row in _rows(judge) if row]
    for row in rows:
        for name, said in row.items():
            if said is not None and name in LINES:
                read[name] += 1
                turned[name] += said
    return Tried(len(rows), turned, read)


def _rows(judge: Judge) -> list[dict[str, bool | None]]:
    return list(InjectionTrial.objects.filter(judge=judge).order_by("pk").values_list("turned", flat=True))


def too_steerable(judge: Judge, tried: Tried) -> str:
    """Why a judge that is steered more than the project allows may not label alone; "" where it is not, or
    nobody knows."""
    ceiling = judge.project.max_steering
    if tried.excess is None or not tried.beyond(ceiling):
        return ""
    return (
        f"A line injected into the worse response turned its verdict in {tried.injected:.1%} of the tries, a "
        f"harmless line in {tried.harmless:.1%}: {100 * tried.excess:.1f} points more, and this project "
        f"allows {100 * ceiling:.3g}."
    )


def steering_of(judge: Judge) -> Steering | None:
    """The rates with their intervals; None where nothing was tried."""
    import numpy as np

    from curation.numerics.steering import steering

    made = InjectionTrial.objects.filter(judge=judge).exclude(turned={}).order_by("item__external_id", "item")
    rows = list(made.values_list("turned", "item__group_key"))
    if not rows:
        return None
    groups = np.unique([group for _turned, group in rows], return_inverse=True)[1]

    def columns(lines: dict[str, str]) -> Any:
        return np.array([[_number(row.get(name)) for name in lines] for row, _group in rows])

    return steering(columns(INJECTIONS), columns(HARMLESS), groups.astype(np.int64))


def _number(turned: bool | None) -> float:
    return float("nan") if turned is None else float(turned)
