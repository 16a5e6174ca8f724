"""What a change of the overlap would do, worked out before it is made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotate.enums import ItemPurpose, JudgeKind, JudgmentState
from annotate.models import Adjudication, Item, Judgment, Project
from annotate.rules.flow import FlowRules
from annotate.rules.stopping import seats_after
from annotate.selectors.questions import main_key

# The latest answers say how long one takes now.
PACE_OF = 500


@dataclass(frozen=True, slots=True)
class OverlapChange:
    """``seats`` has the new number of people for each item that changes. ``extra`` judgments may be below 0;
    ``seconds`` and ``price`` are what they cost, where that is known."""

    routed: int
    opened: int
    closed: int
    extra: int
    seconds: float | None
    price: Decimal | None
    seats: dict[int, int] = field(repr=False)

    @property
    def affected(self) -> int:
        return len(self.seats)


def overlap_change(project: Project, *, least: int, most: int, rules: FlowRules) -> OverlapChange:
    """Every item that was opened for people gets the seats it would have, had it been so from the start;
    never fewer than are taken. Items with a final answer stay as they are."""
    answers, main = _answers_by_item(project), main_key(project)
    seats: dict[int, int] = {}
    routed = opened = closed = extra = 0
    for pk, wanted, taken in (
        routed_items(project).values_list("pk", "seats_wanted", "seats_taken").iterator()
    ):
        routed += 1
        new = max(taken, seats_after(rules, answers.get(pk, []), least=least, most=most, main=main))
        if new != wanted:
            seats[pk] = new
            extra += new - wanted
            opened += new > wanted
            closed += new < wanted
    pace = seconds_per_judgment(project)
    price = project.price_per_judgment
    return OverlapChange(
        routed=routed,
        opened=opened,
        closed=closed,
        extra=extra,
        seconds=None if pace is None else pace * extra,
        price=None if price is None else price * extra,
        seats=seats,
    )


def routed_items(project: Project) -> QuerySet[Item]:
    """Work that people were or are asked about, and no reviewer has ended."""
    final = Adjudication.objects.filter(item=OuterRef("pk"), latest=True)
    return Item.objects.filter(
        ~Exists(final), project=project, purpose=ItemPurpose.WORK, seats_wanted__gt=0
    ).order_by("pk")


def seconds_per_judgment(project: Project) -> float | None:
    """The middle of the latest times that people took; None before anybody answered."""
    taken = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__judge__kind=JudgeKind.PERSON,
        assignment__judge__recorded=False,
        seconds__gt=0,
    )
    rows = taken.order_by("-pk").values_list("seconds", flat=True)[:PACE_OF]
    latest = [seconds for seconds in rows if seconds is not None]
    return median(latest) if latest else None


def _answers_by_item(project: Project) -> dict[int, list[dict[str, Any]]]:
    counted = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__seated=True,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item_id, answers in counted.order_by("pk").values_list("assignment__item_id", "answers").iterator():
        found[item_id].append(answers)
    return found
