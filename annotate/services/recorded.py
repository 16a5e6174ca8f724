"""Judgments that came with a file: checked like live ones, and written some hundreds at a time.

Nobody waits for a recorded judge's answer and nobody else can give it, so there is no lease to take and none
to lose: assignment and judgment are written as they would stand afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from annotate.enums import AssignmentState, JudgeKind, JudgmentState
from annotate.errors import InvalidAnswer
from annotate.models import Assignment, Candidate, Guideline, Item, Judge, Judgment, Project
from annotate.readers.rows import JudgmentRow
from annotate.selectors.guidelines import current_guideline
from annotate.selectors.questions import questionnaire_of, questions_of
from annotate.services.answers import clean_answers
from annotate.services.doubts import reconsider_doubts
from annotate.services.judges import recorded_judge
from annotate.services.standing import clean_tag, set_expertise

BATCH = 500


@dataclass(slots=True)
class Replay:
    """Replays a file's judgments into one project, looking up each judge and the questions once.

    The caller lets imports into the project take turns: nobody else may write of a recorded judge meanwhile.
    """

    project: Project
    judges: dict[tuple[str, str, str], Judge] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prefetch_related_objects([self.project], "questions")

    def judgments_on(self, given: Sequence[tuple[Item, Sequence[JudgmentRow]]]) -> Counter[str]:
        """Record what each recorded judge said of these items; returns counts by kind.

        What a judge has answered already is left alone, so a file may be imported again with more judges
        in it. Answers to questions the project does not ask are kept beside the judgment, in ``raw``.
        """
        items = {item.pk: item for item, judgments in given if judgments}
        if not items:
            return Counter()
        orders = self._stored_orders(items)
        taken = Assignment.objects.filter(item__in=items, round=0).values_list("item_id", "judge_id")
        had = set(taken)
        asked = {question.key for question in questions_of(self.project)}
        guideline = current_guideline(project_id=self.project.pk)
        made: list[Judgment] = []
        for item, judgments in given:
            # One project for all of them, with its questions at hand.
            item.project = self.project
            for row in judgments:
                judge = self.judge_of(row)
                if (item.pk, judge.pk) not in had:
                    had.add((item.pk, judge.pk))
                    made.append(_judgment(item, judge, row, asked, orders[item.pk], guideline))
        Assignment.objects.bulk_create([one.assignment for one in made], batch_size=BATCH)
        Judgment.objects.bulk_create(made, batch_size=BATCH)
        people = {one.assignment.item_id for one in made if _is_a_vote(one)}
        reconsider_doubts(project=self.project, item_ids=people)
        return Counter(_counted_as(one) for one in made)

    def _stored_orders(self, items: Mapping[int, Item]) -> dict[int, list[int]]:
        """Positions of each item's candidates; whole candidates only where answers are checked by their
        texts."""
        orders: dict[int, list[int]] = {pk: [] for pk in items}
        if questionnaire_of(self.project).reads_texts:
            prefetch_related_objects(list(items.values()), "candidates")
        placed = Candidate.objects.filter(item__in=items).order_by("item_id", "position")
        for item, position in placed.values_list("item_id", "position"):
            orders[item].append(position)
        return orders

    def judge_of(self, row: JudgmentRow) -> Judge:
        name = (row.kind, row.judge, row.version)
        if name not in self.judges:
            self.judges[name] = recorded_judge(
                project=self.project, kind=row.kind, name=row.judge, version=row.version
            )
        judge = self.judges[name]
        if row.expertise and not {clean_tag(tag) for tag in row.expertise} <= set(judge.expertise):
            # On a later row of the file, or in a later file: what somebody knows is added to.
            set_expertise(judge=judge, tags=[*judge.expertise, *row.expertise])
        return judge


def _judgment(
    item: Item,
    judge: Judge,
    row: JudgmentRow,
    asked: set[str],
    stored_order: list[int],
    guideline: Guideline | None,
) -> Judgment:
    """The judgment with its assignment, both unsaved. Raises InvalidAnswer."""
    at = row.at or timezone.now()
    order = list(row.order) if row.order else stored_order
    assignment = Assignment(
        item=item, judge=judge, order=order, seated=False, guideline=guideline,
        state=AssignmentState.DONE, done_at=at, revisions=1,
    )  # fmt: skip
    answers = {key: value for key, value in row.answers.items() if key in asked}
    others = {key: value for key, value in row.answers.items() if key not in asked}
    raw: dict[str, Any] | None = {"recorded": row.raw} if row.raw is not None else None
    if others:
        raw = (raw or {}) | {"other_answers": others}
    kept: dict[str, Any] = {}
    if not row.unparseable:
        try:
            kept = clean_answers(assignment=assignment, answers=answers, confirmed=True).answers
        except InvalidAnswer as refusal:
            # Reading let it through, so the project asks something else: say which row, and undo the whole
            # import.
            refusal.message = f"item {item.external_id}, judge {row.judge}: {refusal.message}"
            raise
    return Judgment(
        assignment=assignment,
        state=JudgmentState.UNPARSEABLE if row.unparseable else JudgmentState.CURRENT,
        answers=kept,
        shown_order=order,
        seconds=row.seconds,
        guideline=guideline,
        raw=raw,
        made_at=at,
    )


def _is_a_vote(made: Judgment) -> bool:
    return made.assignment.judge.kind == JudgeKind.PERSON and made.state == JudgmentState.CURRENT


def _counted_as(made: Judgment) -> str:
    return "unparseable" if made.state == JudgmentState.UNPARSEABLE else str(made.assignment.judge.kind)
