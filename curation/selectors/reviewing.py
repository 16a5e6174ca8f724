"""An item as a reviewer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotate.models import Adjudication, Item, Judgment, Project
from annotate.questions.kind import Fields
from annotate.questions.questionnaire import Questionnaire
from annotate.questions.subject import LETTERS
from annotate.rendering.redaction import Redacted
from annotate.selectors.asked import AskedQuestion, asked_questions
from annotate.selectors.desk import Side
from annotate.selectors.images import ShownImage, shown_images
from annotate.selectors.questions import questionnaire_of
from annotate.selectors.reviewing import Disagreement, judgments_to_review
from annotate.selectors.told import Told, told_answers


@dataclass(frozen=True, slots=True)
class ReviewRow:
    item: Item
    disagreement: Disagreement


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One judge's answers. ``name`` is empty while the reviewer has still to decide."""

    number: int
    judgment: Judgment
    told: list[Told]
    name: str


@dataclass(frozen=True, slots=True)
class Review:
    """An item with its texts as they are stored. ``main`` is the question that the keys answer."""

    item: Item
    sides: list[Side]
    given: list[GivenAnswer]
    questionnaire: Questionnaire
    questions: tuple[AskedQuestion, ...]
    final: Adjudication | None
    final_told: list[Told]

    @property
    def texts(self) -> list[str]:
        return [side.text for side in self.sides]

    @property
    def turns(self) -> list[dict[str, str]]:
        turns: list[dict[str, str]] = self.item.prompt
        return turns

    @property
    def images(self) -> tuple[ShownImage, ...]:
        return shown_images(self.item)

    @property
    def marks_text(self) -> bool:
        """Whether words in the responses are highlighted: they are then shown as written."""
        return any(one.kind == "spans" for one in self.questions)

    @property
    def main(self) -> AskedQuestion | None:
        return next((one for one in self.questions if one.kind == "preference"), None)


def review_rows(project: Project, found: Sequence[Disagreement]) -> list[ReviewRow]:
    items = project.items.in_bulk([one.item_id for one in found])
    return [ReviewRow(items[one.item_id], one) for one in found]


def review_of(item: Item, *, fields: Fields) -> Review:
    """The sides are lettered as they are stored, for every judge saw them in an order of their own."""
    questionnaire = questionnaire_of(item.project)
    candidates = list(item.candidates.order_by("position")[: len(LETTERS)])
    final = item.adjudications.filter(latest=True).select_related("by", "guideline").first()
    given = [
        GivenAnswer(
            number,
            judgment,
            told_answers(questionnaire, judgment.answers),
            _name(judgment) if final is not None else "",
        )
        for number, judgment in enumerate(judgments_to_review(item), start=1)
    ]
    shown = fields or (questionnaire.write_fields(final.answers) if final is not None else {})
    return Review(
        item=item,
        sides=[
            Side(letter, Redacted(one.text, ()), one.prompt or [], shown_images(one))
            for letter, one in zip(LETTERS, candidates, strict=False)
        ],
        given=given,
        questionnaire=questionnaire,
        questions=asked_questions(
            questionnaire,
            order=[one.position for one in candidates],
            texts=[one.text for one in candidates],
            given=shown,
        ),
        final=final,
        final_told=told_answers(questionnaire, final.answers) if final is not None else [],
    )


def _name(judgment: Judgment) -> str:
    judge = judgment.assignment.judge
    return judge.user.username if judge.user else judge.name
