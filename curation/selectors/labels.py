from __future__ import annotations

from django.db.models import Exists, OuterRef

from annotate.enums import JudgeKind, JudgmentState
from annotate.models import Item, Judgment, Project
from annotate.selectors.questions import main_key


def labelled_items(project: Project) -> int:
    """Items that people and models have both judged: what a router can learn from."""
    current = Judgment.objects.filter(
        assignment__item=OuterRef("pk"), state=JudgmentState.CURRENT, answers__has_key=main_key(project)
    )
    return (
        Item.objects.filter(project=project)
        .filter(
            Exists(current.filter(assignment__judge__kind=JudgeKind.PERSON)),
            Exists(current.filter(assignment__judge__kind=JudgeKind.MODEL)),
        )
        .count()
    )
