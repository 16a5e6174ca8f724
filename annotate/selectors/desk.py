"""What a person sees of an item: the sides in the order shown, and nothing that names who wrote them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotate.enums import JudgmentState, QuestionKind
from annotate.keys import content_key
from annotate.models import Assignment, Guideline, Judge, Project, Question
from annotate.selectors.progress import JudgeProgress, judge_progress
from annotate.selectors.queue import open_leases

LETTERS = "AB"
STOPS = (
    ("1", "A much better"),
    ("2", "A better"),
    ("3", "A slightly better"),
    ("4", "Equal"),
    ("5", "B slightly better"),
    ("6", "B better"),
    ("7", "B much better"),
)
TIE_STOP = "4"


@dataclass(frozen=True, slots=True)
class Side:
    """One response as shown; ``turns`` where it answers a prompt of its own."""

    letter: str
    text: str
    turns: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class TextField:
    """A question that is answered in words, with what was written so far."""

    key: str
    name: str
    text: str
    required: bool
    max_length: int
    value: str


@dataclass(frozen=True, slots=True)
class DeskItem:
    """An item on the desk. ``digest`` names exactly what is shown, and so tells nothing that is not."""

    assignment: Assignment
    question: str
    turns: list[dict[str, str]]
    sides: list[Side]
    stops: list[tuple[str, str]]
    neither: bool
    fields: list[TextField]
    digest: str
    chosen: str
    submission_key: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def characters(self) -> int:
        """How much there is to read, which bounds how long a pause may count as reading."""
        return sum(len(side.text) for side in self.sides) + sum(len(turn["content"]) for turn in self.turns)


def held_assignment(*, judge: Judge | None) -> Assignment | None:
    return None if judge is None else open_leases(judge=judge).first()


def person_judge(*, project: Project, user_id: int) -> Judge | None:
    """The judge that this person is here, if they have been here: looking makes none."""
    return project.judges.filter(user_id=user_id).first()


def desk_progress(*, project: Project, judge: Judge | None) -> JudgeProgress:
    if judge is None:
        return JudgeProgress(done=0, skipped=0, left=project.items.filter(is_open=True).count())
    return judge_progress(judge)


def desk_guideline(*, project: Project, assignment: Assignment | None) -> Guideline | None:
    """The version this item was taken under, else the latest."""
    if assignment is not None and assignment.guideline_id is not None:
        return assignment.guideline
    return project.guidelines.order_by("-version").first()


def questions_of(project: Project) -> list[Question]:
    return list(project.questions.order_by("position", "pk"))


def desk_item(*, assignment: Assignment, answers: Mapping[str, str] | None = None) -> DeskItem:
    """The item as its judge sees it; ``answers`` are what they sent just now, told about the sides as
    shown."""
    given = dict(answers) if answers is not None else _withdrawn_answers(assignment)
    questions = questions_of(assignment.item.project)
    preference = next((one for one in questions if one.kind == QuestionKind.PREFERENCE), None)
    options = preference.options if preference else {}
    sides = _sides(assignment)
    return DeskItem(
        assignment=assignment,
        question=preference.text if preference else "",
        turns=assignment.item.prompt,
        sides=sides,
        stops=[stop for stop in STOPS if stop[0] != TIE_STOP or options.get("tie", True)],
        neither=bool(options.get("neither", True)),
        fields=[
            TextField(
                key=one.key,
                name=f"answer_{one.key}",
                text=one.text,
                required=one.required,
                max_length=int(one.options.get("max_length", 20_000)),
                value=given.get(f"answer_{one.key}", ""),
            )
            for one in questions
            if one.kind == QuestionKind.TEXT
        ],
        digest=content_key("shown", assignment.item.prompt, [[side.text, side.turns] for side in sides]),
        chosen=given.get("shown_preference", ""),
    )


def _sides(assignment: Assignment) -> list[Side]:
    stored = {one.position: one for one in assignment.item.candidates.all()}
    shown = [stored[position] for position in assignment.order[: len(LETTERS)]]
    return [Side(letter, one.text, one.prompt or []) for letter, one in zip(LETTERS, shown, strict=False)]


def _withdrawn_answers(assignment: Assignment) -> dict[str, str]:
    """After an undo: what was answered before, for the judge to change."""
    last = assignment.judgments.filter(state=JudgmentState.WITHDRAWN).order_by("-revision").first()
    if last is None:
        return {}
    answers: dict[str, Any] = dict(last.answers)
    given = {f"answer_{key}": value for key, value in answers.items() if isinstance(value, str)}
    preference = answers.get("preference")
    if preference == "tie":
        given["shown_preference"] = TIE_STOP
    elif preference == "neither":
        given["shown_preference"] = "neither"
    elif isinstance(preference, int):
        turned = assignment.order[0] > assignment.order[1]
        given["shown_preference"] = str((-preference if turned else preference) + 4)
    return given
