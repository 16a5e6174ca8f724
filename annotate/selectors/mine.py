"""What a person has done here, and how long the rest will take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from annotate.enums import AssignmentState, ItemPurpose, JudgmentState
from annotate.models import Assignment, Gold, Judge, Judgment, Project
from annotate.questions.rightness import all_right
from annotate.rules.flow import FlowRules
from annotate.rules.outlook import Outlook, outlook
from annotate.selectors.desk import shown_answers
from annotate.selectors.judgments import history_of
from annotate.selectors.progress import JudgeProgress, running_progress
from annotate.selectors.questions import questionnaire_of
from annotate.selectors.told import Told, told_answers

# The latest answers say how long the next ones take.
PACE_OF = 100


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """One answered or passed item; ``answers`` speak of what was shown, ``told`` does in words."""

    assignment: Assignment
    judgment: Judgment | None
    answers: dict[str, Any] | None
    told: list[Told]
    prompt: str


@dataclass(frozen=True, slots=True)
class MyProgress:
    progress: JudgeProgress
    today: int
    seconds: float | None
    outlook: Outlook | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """How somebody did on an item whose answer is known."""

    right: bool
    explanation: str


def my_progress(judge: Judge, *, at: datetime) -> MyProgress:
    progress = running_progress(judge)
    answers = Judgment.objects.filter(assignment__judge=judge, state=JudgmentState.CURRENT)
    latest = answers.filter(seconds__gt=0).order_by("-pk").values_list("seconds", flat=True)[:PACE_OF]
    times = [seconds for seconds in latest if seconds is not None]
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return MyProgress(
        progress=progress,
        today=answers.filter(made_at__gte=midnight, made_at__lt=midnight + timedelta(days=1)).count(),
        seconds=median(times) if times else None,
        outlook=outlook(times, progress.left),
    )


def past_answers(project: Project, judge: Judge, *, page: int, size: int) -> tuple[list[PastAnswer], bool]:
    """A page of the judge's history, the latest first, and whether there is more."""
    history = history_of(judge)
    if questionnaire_of(project).reads_texts:
        history = history.prefetch_related("item__candidates")
    rows = list(history[page * size : (page + 1) * size + 1])
    current = {
        one.assignment_id: one
        for one in Judgment.objects.filter(assignment__in=rows, state=JudgmentState.CURRENT)
    }
    return [_past_answer(project, row, current.get(row.pk)) for row in rows[:size]], len(rows) > size


def _past_answer(project: Project, row: Assignment, judgment: Judgment | None) -> PastAnswer:
    # One project in the hand: what is read of it once need not be asked for again.
    row.item.project = project
    answers = shown_answers(assignment=row, answers=judgment.answers) if judgment else None
    told = told_answers(questionnaire_of(project), answers or {})
    return PastAnswer(row, judgment, answers, told, last_words(row.item.prompt))


def last_words(prompt: Sequence[dict[str, str]]) -> str:
    """What the person asked last, to know an item by."""
    asked = [turn["content"] for turn in prompt if turn.get("role") == "user"]
    return asked[-1][:200] if asked else ""


def current_judgment(assignment: Assignment) -> Judgment | None:
    return assignment.judgments.filter(state=JudgmentState.CURRENT).first()


def earlier_revisions(assignment: Assignment) -> list[Judgment]:
    return list(
        assignment.judgments.exclude(state=JudgmentState.CURRENT)
        .select_related("guideline")
        .order_by("-revision")
    )


def feedback_on(assignment: Assignment) -> Feedback | None:
    """How they did on gold, where the project tells them; of anything else there is nothing to tell."""
    item = assignment.item
    if item.purpose != ItemPurpose.GOLD or assignment.state != AssignmentState.DONE:
        return None
    if not FlowRules.read(item.project.flow).gold_feedback:
        return None
    gold = Gold.objects.filter(item=item).first()
    first = assignment.judgments.order_by("revision").first()
    if gold is None or first is None:
        return None
    right = all_right(questionnaire_of(item.project).kinds, gold.accepted, first.answers)
    return Feedback(right, gold.explanation) if right is not None else None
