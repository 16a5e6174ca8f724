"""What a person sees of an item: the sides in the order shown, and nothing that names who wrote them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from typing import Any

from django.utils import timezone

from annotate.enums import JudgmentState
from annotate.keys import content_key, text_key
from annotate.models import Assignment, Draft, Guideline, Judge, Project
from annotate.prepared import keep_related
from annotate.questions.kind import Fields
from annotate.questions.questionnaire import Questionnaire
from annotate.questions.subject import LETTERS, MOST_CANDIDATES
from annotate.rendering.redaction import Redacted, redact_identity
from annotate.selectors.asked import AskedQuestion, asked_questions
from annotate.selectors.images import ShownImage, shown_images
from annotate.selectors.progress import JudgeProgress, judge_progress, running_progress
from annotate.selectors.questions import questionnaire_of
from annotate.selectors.queue import candidates_of, held_leases


@dataclass(frozen=True, slots=True)
class Side:
    """One response as shown; ``turns`` where it answers a prompt of its own."""

    letter: str
    shown: Redacted
    turns: list[dict[str, str]]
    images: tuple[ShownImage, ...] = ()

    @property
    def text(self) -> str:
        return self.shown.text


# A highlight on this side, told about its text as stored or as shown.
Moved = Callable[[Mapping[str, Any], Side], dict[str, Any]]


@dataclass(frozen=True)
class DeskItem:
    """An item on the desk. ``digest`` names exactly what is shown, and so tells nothing that is not."""

    assignment: Assignment
    turns: list[dict[str, str]]
    sides: list[Side]
    questionnaire: Questionnaire
    given: Fields
    digest: str
    images: tuple[ShownImage, ...] = ()
    submission_key: uuid.UUID = field(default_factory=uuid.uuid4)

    @cached_property
    def questions(self) -> tuple[AskedQuestion, ...]:
        """As the page draws them, with what was answered so far."""
        return asked_questions(
            self.questionnaire, order=self.assignment.order, texts=self.texts, given=self.given
        )

    @property
    def texts(self) -> list[str]:
        """The responses in the order shown."""
        return [side.text for side in self.sides]

    @property
    def main(self) -> AskedQuestion | None:
        """The preference that the keys 1 to 7 answer: the first one asked."""
        return next((one for one in self.questions if one.kind == "preference"), None)

    @property
    def is_plain(self) -> bool:
        """One preference and a line of words: all of it fits into the bar below the texts."""
        rest = [one for one in self.questions if one is not self.main]
        return self.main is not None and all(one.is_line for one in rest) and len(rest) <= 1

    @property
    def has_images(self) -> bool:
        return bool(self.images) or any(side.images for side in self.sides)

    @property
    def marks_text(self) -> bool:
        """Whether words in the responses are highlighted: they are then shown as written."""
        return any(one.kind == "spans" for one in self.questions)

    @property
    def seconds_left(self) -> int:
        until = self.assignment.leased_until
        return max(0, int((until - timezone.now()).total_seconds())) if until else 0

    def as_written(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Answers whose highlights speak of the texts as shown, told about the texts as they are kept."""
        return _moved_answers(answers, self.questionnaire, self.sides, _span_as_written)

    @property
    def characters(self) -> int:
        """How much there is to read, which bounds how long a pause may count as reading."""
        return sum(len(side.text) for side in self.sides) + sum(len(turn["content"]) for turn in self.turns)


def held_assignment(*, judge: Judge | None) -> Assignment | None:
    return None if judge is None else next(iter(held_leases(judge=judge)), None)


def person_judge(*, project: Project, user_id: int) -> Judge | None:
    """The judge that this person is here, if they have been here: looking makes none."""
    return project.judges.filter(user_id=user_id).first()


def desk_progress(*, project: Project, judge: Judge | None, at_rest: bool) -> JudgeProgress:
    """How far the judge is: counted anew when they are ``at_rest``, and at work carried on from the last
    count, for counting what is open costs more the more there is."""
    if judge is None:
        return JudgeProgress(done=0, skipped=0, left=project.items.filter(is_open=True).count())
    return judge_progress(judge) if at_rest else running_progress(judge)


def desk_guideline(*, project: Project, assignment: Assignment | None) -> Guideline | None:
    """The version this item was taken under, else the latest."""
    if assignment is not None and assignment.guideline_id is not None:
        return assignment.guideline
    return project.guidelines.order_by("-version").first()


def desk_item(*, assignment: Assignment, fields: Fields | None = None) -> DeskItem:
    """The item as its judge sees it; ``fields`` are what they sent just now, as the form named them."""
    project = assignment.item.project
    questionnaire = questionnaire_of(project)
    turns = _withheld(assignment.item.prompt)
    sides = _sides(assignment)
    images = shown_images(assignment.item)
    pictured = [list(map(astuple, images))] if images else []
    digest = content_key(
        "shown", turns, [[side.text, side.turns, *map(astuple, side.images)] for side in sides], *pictured
    )
    given = _fields_so_far(assignment, questionnaire, sides, digest) if fields is None else fields
    return DeskItem(assignment, turns, sides, questionnaire, given, digest, images)


def answered_item(*, assignment: Assignment, answers: Mapping[str, Any]) -> DeskItem:
    """An item that was answered, with these answers as stored in its form."""
    questionnaire, sides = questionnaire_of(assignment.item.project), _sides(assignment)
    fields = questionnaire.write_fields(_as_shown(answers, assignment, questionnaire, sides))
    return desk_item(assignment=assignment, fields=fields)


def shown_answers(*, assignment: Assignment, answers: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as stored, told about what its judge sees."""
    questionnaire = questionnaire_of(assignment.item.project)
    sides = _sides(assignment) if questionnaire.reads_texts else []
    return _as_shown(answers, assignment, questionnaire, sides)


def written_words(project: Project, fields: Fields) -> list[str]:
    """Everything a judge wrote in words, in the order of the questions, for them to keep."""
    names = {spec.field for spec in questionnaire_of(project).specs if spec.kind == "text"}
    return [text for name, sent in fields.items() if name.partition(".")[0] in names for text in sent if text]


def _sides(assignment: Assignment) -> list[Side]:
    if "candidates" not in getattr(assignment.item, "_prefetched_objects_cache", {}):
        keep_related(assignment.item, "candidates", candidates_of(item=assignment.item))
    stored = {one.position: one for one in assignment.item.candidates.all()}
    shown = [stored[position] for position in assignment.order[:MOST_CANDIDATES]]
    return [
        Side(letter, redact_identity(one.text), _withheld(one.prompt or []), shown_images(one))
        for letter, one in zip(LETTERS, shown, strict=False)
    ]


def _fields_so_far(
    assignment: Assignment, questionnaire: Questionnaire, sides: list[Side], digest: str
) -> Fields:
    """What the judge had begun before the same texts; after an undo, what they had answered."""
    draft: Draft | None = getattr(assignment, "draft", None)
    if draft is not None and draft.digest == digest:
        begun: Fields = draft.fields
        return begun
    return _withdrawn_fields(assignment, questionnaire, sides) if assignment.revisions else {}


def _withheld(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """A conversation in which models do not say who they are; what people said stays as it is."""
    return [
        {**turn, "content": redact_identity(turn["content"]).text} if turn["role"] == "assistant" else turn
        for turn in turns
    ]


def _moved_answers(
    answers: Mapping[str, Any], questionnaire: Questionnaire, sides: list[Side], moved: Moved
) -> dict[str, Any]:
    marked = {spec.key for spec in questionnaire.specs if spec.kind == "spans"}
    return {
        key: _moved_spans(value, sides, moved) if key in marked else value for key, value in answers.items()
    }


def _moved_spans(spans: Any, sides: list[Side], moved: Moved) -> Any:
    """Highlights with their places moved; what is malformed is left for the check to refuse."""
    if not isinstance(spans, list):
        return spans
    return [moved(span, sides[span["candidate"]]) if _is_placed(span, sides) else span for span in spans]


def _is_placed(span: Any, sides: list[Side]) -> bool:
    side = span.get("candidate") if isinstance(span, Mapping) else None
    if not isinstance(side, int) or isinstance(side, bool) or not 0 <= side < len(sides):
        return False
    start, end = span.get("start"), span.get("end")
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end


def _span_as_written(span: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """A highlight on the text as shown. The hash of that text has done its work and is taken off."""
    start = side.shown.source_offset(span["start"])
    end = side.shown.source_offset(span["end"], end=True)
    seen = span.get("text_hash") == text_key(side.text)
    return {key: value for key, value in span.items() if not (seen and key == "text_hash")} | {
        "start": start,
        "end": end,
    }


def _span_as_shown(span: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """A highlight as stored. By the hash of the text as stored a withheld name could be found out."""
    return {
        **span,
        "start": side.shown.shown_offset(span["start"]),
        "end": side.shown.shown_offset(span["end"], end=True),
        "text_hash": text_key(side.text),
    }


def _withdrawn_fields(assignment: Assignment, questionnaire: Questionnaire, sides: list[Side]) -> Fields:
    """After an undo: what was answered before, for the judge to change."""
    last = assignment.judgments.filter(state=JudgmentState.WITHDRAWN).order_by("-revision").first()
    if last is None:
        return {}
    return questionnaire.write_fields(_as_shown(last.answers, assignment, questionnaire, sides))


def _as_shown(
    answers: Mapping[str, Any], assignment: Assignment, questionnaire: Questionnaire, sides: list[Side]
) -> dict[str, Any]:
    """Answers as stored, told about the sides and the texts as they are shown."""
    shown = questionnaire.shown(answers, assignment.order)
    return _moved_answers(shown, questionnaire, sides, _span_as_shown)
