"""Judgments that came with a file, replayed through the same assignment and judgment services as live
ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects

from annotate.errors import InvalidAnswer
from annotate.models import Assignment, Item, Judge, Project
from annotate.readers.rows import JudgmentRow
from annotate.services.assignments import lease_item
from annotate.services.judges import recorded_judge
from annotate.services.judgments import record_judgment, record_unparseable


@dataclass(slots=True)
class Replay:
    """Replays a file's judgments into one project, looking up each judge and the questions once."""

    project: Project
    judges: dict[tuple[str, str, str], Judge] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prefetch_related_objects([self.project], "questions")

    def judgments_on(self, item: Item, judgments: Sequence[JudgmentRow]) -> Counter[str]:
        """Lease the item to each recorded judge and record their answers; returns counts by kind.

        What a judge has answered already is left alone, so a file may be imported again with more judges
        in it. Answers to questions the project does not ask are kept beside the judgment, in ``raw``.
        """
        counts: Counter[str] = Counter()
        asked = {question.key for question in self.project.questions.all()}
        had = set(Assignment.objects.filter(item=item, round=0).values_list("judge_id", flat=True))
        stored_order = list(item.candidates.order_by("position").values_list("position", flat=True))
        for row in judgments:
            judge = self.judge_of(row)
            if judge.pk not in had:
                had.add(judge.pk)
                counts[_replay_one(item, judge, row, asked, stored_order)] += 1
        return counts

    def judge_of(self, row: JudgmentRow) -> Judge:
        name = (row.kind, row.judge, row.version)
        if name not in self.judges:
            self.judges[name] = recorded_judge(
                project=self.project, kind=row.kind, name=row.judge, version=row.version
            )
        return self.judges[name]


def _replay_one(item: Item, judge: Judge, row: JudgmentRow, asked: set[str], stored_order: list[int]) -> str:
    order = list(row.order) if row.order else stored_order
    lease = lease_item(item=item, judge=judge, order=order, seated=False)
    answers = {key: value for key, value in row.answers.items() if key in asked}
    others = {key: value for key, value in row.answers.items() if key not in asked}
    raw: dict[str, Any] | None = {"recorded": row.raw} if row.raw is not None else None
    if others:
        raw = (raw or {}) | {"other_answers": others}
    when: dict[str, Any] = {"seconds": row.seconds, "at": row.at}
    if row.unparseable:
        record_unparseable(assignment=lease, token=lease.lease_token, raw=raw, **when)
        return "unparseable"
    try:
        record_judgment(assignment=lease, token=lease.lease_token, answers=answers, raw=raw, **when)
    except InvalidAnswer as refusal:
        # Reading let it through, so the project asks something else: say which row, and undo the whole
        # import.
        refusal.message = f"item {item.external_id}, judge {row.judge}: {refusal.message}"
        raise
    return row.kind
