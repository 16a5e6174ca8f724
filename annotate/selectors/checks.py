"""How judges did where the right answer is known, and where they were asked twice."""

from __future__ import annotations

from dataclasses import dataclass

from annotate.enums import AssignmentState, ItemPurpose, JudgmentState
from annotate.models import Judge, Judgment, Project
from annotate.questions.rightness import all_right
from annotate.rules.flow import FlowRules
from annotate.selectors.questions import questionnaire_of


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """One judge's answer to an item whose right answers are known."""

    judge_id: int
    item_id: int
    right: bool


def checked_answers(
    project: Project, *, purpose: ItemPurpose, judge: Judge | None = None
) -> list[CheckedAnswer]:
    """What each judge answered, in the end; the first answer where they were told whether it was right."""
    told = purpose == ItemPurpose.GOLD and FlowRules.read(project.flow).gold_feedback
    found = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__item__purpose=purpose,
        assignment__item__gold__isnull=False,
        assignment__state=AssignmentState.DONE,
        assignment__round=0,
    )
    found = found.filter(revision=1) if told else found.filter(state=JudgmentState.CURRENT)
    if judge is not None:
        found = found.filter(assignment__judge=judge)
    rows = found.order_by("pk").values_list(
        "assignment__judge_id", "assignment__item_id", "assignment__item__gold__accepted", "answers"
    )
    kinds = questionnaire_of(project).kinds
    checked = ((who, item, all_right(kinds, accepted, said)) for who, item, accepted, said in rows)
    return [CheckedAnswer(who, item, right) for who, item, right in checked if right is not None]
