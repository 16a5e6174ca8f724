"""What a judge is given next: work, or now and then something to know the judge by."""

from __future__ import annotations

from dataclasses import dataclass, field

from annotate.enums import ItemPurpose, JudgeKind
from annotate.models import Item, Judge, Project
from annotate.rules import turns
from annotate.rules.flow import FlowRules
from annotate.selectors.queue import next_check, next_open_item, next_repeat
from annotate.services.qualifying import grade_qualification


@dataclass(frozen=True, slots=True)
class Turn:
    """An item for a judge. Only work takes a seat; a repeat has the order it is shown in."""

    item: Item
    seated: bool
    round: int = 0
    order: list[int] = field(default_factory=list)


def next_turn(*, project: Project, judge: Judge) -> Turn | None:
    """The judge's next turn; None where there is no work for them.

    Where a project checks its judges, each turn looks for a check as well, whether it is one or not: how
    long an item takes to come says nothing about it.
    """
    rules = FlowRules.read(project.flow)
    if rules.pass_mark is not None and judge.qualified_at is None and judge.kind == JudgeKind.PERSON:
        item = next_check(judge=judge, purpose=ItemPurpose.QUALIFICATION)
        if item is not None:
            return Turn(item, seated=False)
        if not grade_qualification(project=project, judge=judge, pass_mark=rules.pass_mark):
            return None
    work = next_open_item(judge=judge)
    if work is None or not rules.check_percent:
        return None if work is None else Turn(work, seated=True)
    kind = turns.turn_kind(rules, seed=project.seed, judge_key=judge.name, turn=judge.taken)
    check = _check(judge, kind)
    return Turn(work, seated=True) if check is None or kind == turns.WORK else check


def _check(judge: Judge, kind: str) -> Turn | None:
    if kind == turns.REPEAT:
        earlier = next_repeat(judge=judge)
        return None if earlier is None else Turn(earlier.item, False, round=1, order=earlier.order[::-1])
    purpose = ItemPurpose.TRAP if kind == turns.TRAP else ItemPurpose.GOLD
    item = next_check(judge=judge, purpose=purpose)
    return None if item is None else Turn(item, seated=False)
