from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from annotate.enums import UNDOABLE_STATES, ItemPurpose, JudgeKind, JudgmentState, QuestionKind
from annotate.models import Assignment, Judge, Judgment, Project
from annotate.questions.settle_rules import SettleRules
from annotate.selectors.questions import main_key, questions_of


@dataclass(frozen=True, slots=True)
class Vote:
    """One judge's current preference on one item."""

    item_id: int
    judge_id: int
    kind: str
    preference: float | str


@dataclass(frozen=True, slots=True)
class Cast:
    """All that one judge answered on one item, with None for a text: that there is one is all that counts.
    ``positions``: the candidates they were shown, as stored."""

    item_id: int
    judge_id: int
    kind: str
    answers: dict[str, Any]
    positions: tuple[int, ...]


def current_judgments(project: Project) -> QuerySet[Judgment]:
    return (
        Judgment.objects.filter(assignment__item__project=project, state=JudgmentState.CURRENT)
        .select_related("assignment__judge")
        .order_by("pk")
    )


def votes_of(project: Project, *, item_ids: Sequence[int] | None = None) -> list[Vote]:
    """Every current preference about the work of a project, in a fixed order; a hidden repeat is no second
    vote."""
    key = main_key(project)
    judgments = current_judgments(project).filter(
        answers__has_key=key, assignment__round=0, assignment__item__purpose=ItemPurpose.WORK
    )
    if item_ids is not None:
        judgments = judgments.filter(assignment__item_id__in=item_ids)
    rows = judgments.order_by("assignment__item_id", "assignment__judge_id").values_list(
        "assignment__item_id", "assignment__judge_id", "assignment__judge__kind", "answers"
    )
    return [Vote(item, judge, kind, answers[key]) for item, judge, kind, answers in rows]


def judgments_that_are_casts(project: Project) -> QuerySet[Judgment]:
    return current_judgments(project).filter(assignment__round=0, assignment__item__purpose=ItemPurpose.WORK)


def which_of(rows: QuerySet[Any]) -> list[int]:
    """Names a set of rows that are never changed, without reading them: how many, the last, and their sum."""
    found = rows.order_by().aggregate(n=Count("pk"), last=Max("pk"), sum=Sum("pk"))
    return [int(one or 0) for one in found.values()]


def casts_of(project: Project) -> list[Cast]:
    """Every current judgment about the work of a project, by item and in the order they were made; a hidden
    repeat is none of them."""
    texts = {one.key for one in questions_of(project) if one.kind == QuestionKind.TEXT}
    rows = (
        judgments_that_are_casts(project)
        .order_by("assignment__item_id", "made_at", "pk")
        .values_list(
            "assignment__item_id", "assignment__judge_id", "assignment__judge__kind", "answers", "shown_order"
        )
    )
    return [
        Cast(
            item,
            judge,
            kind,
            {key: None if key in texts else value for key, value in said.items()},
            tuple(sorted(order)),
        )
        for item, judge, kind, said, order in rows.iterator(chunk_size=2000)
    ]


@dataclass(frozen=True, slots=True)
class Experts:
    """``knows``: the expertise of each person who has any; ``asked``: what items ask for, where they do."""

    knows: dict[int, list[str]]
    asked: dict[int, str]

    def count(self, *, judge: int, kind: str, item: int) -> bool:
        """An expert has the expertise that the item asks for, or any where it asks for none; models are
        judges of their own pool and stay."""
        if kind != JudgeKind.PERSON:
            return True
        return judge in self.knows and self.asked.get(item, "") in ("", *self.knows[judge])


def experts_of(project: Project, rules: SettleRules) -> Experts | None:
    """Whose answers count; None where everybody's do."""
    if rules.judges != "experts":
        return None
    people = project.judges.filter(kind=JudgeKind.PERSON).exclude(expertise=[])
    return Experts(
        dict(people.values_list("pk", "expertise")),
        dict(project.items.exclude(expertise="").values_list("pk", "expertise")),
    )


def casts_that_count(project: Project, rules: SettleRules) -> list[Cast]:
    """Those of them by whom the project settles."""
    casts, experts = casts_of(project), experts_of(project, rules)
    if experts is None:
        return casts
    return [one for one in casts if experts.count(judge=one.judge_id, kind=one.kind, item=one.item_id)]


def votes_by_item(votes: Sequence[Vote]) -> dict[int, list[Vote]]:
    grouped: dict[int, list[Vote]] = defaultdict(list)
    for vote in votes:
        grouped[vote.item_id].append(vote)
    return grouped


def history_of(judge: Judge) -> QuerySet[Assignment]:
    """What the judge answered or passed, the latest first."""
    return (
        Assignment.objects.filter(judge=judge, state__in=UNDOABLE_STATES)
        .select_related("item")
        .order_by("-done_at", "-pk")
    )


def judgments_on(item: Any) -> QuerySet[Judgment]:
    """All judgments on an item, history included, in the order they were made."""
    return (
        Judgment.objects.filter(assignment__item=item)
        .select_related("assignment__judge", "assignment__judge__user", "guideline")
        .order_by("made_at", "pk")
    )
