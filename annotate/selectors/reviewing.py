"""What a reviewer is shown: items whose judges disagree, and all their answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotate.enums import ItemPurpose, JudgeKind, JudgmentState
from annotate.models import Adjudication, Item, Judgment, Project
from annotate.questions.verdicts import vote_of
from annotate.rules.stopping import choice_of
from annotate.selectors.judgments import Vote, votes_by_item
from annotate.selectors.questions import questionnaire_of, settle_rules_of


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An item whose people differ. ``split`` counts their choices in stored order."""

    item_id: int
    value: float
    split: dict[str, int]
    n_judges: int


def waiting_for_review(project: Project) -> QuerySet[Item]:
    """Items worth a second look, the most doubtful first: people differ, and there is no final answer."""
    final = Adjudication.objects.filter(item=OuterRef("pk"), latest=True)
    return Item.objects.filter(
        ~Exists(final), project=project, purpose=ItemPurpose.WORK, doubt__gt=0
    ).order_by("-doubt", "pk")


def disagreements(project: Project, *, limit: int) -> list[Disagreement]:
    """The first of them with what their people chose: as many rows are read as they have answers."""
    waiting = list(waiting_for_review(project).values_list("pk", "doubt")[:limit])
    cast = votes_by_item(people_say(project, item_ids=[pk for pk, _doubt in waiting]))
    found = []
    for pk, doubt in waiting:
        split = {side: 0 for side in ("first", "second", "tie", "neither")}
        for vote in cast.get(pk, []):
            split[choice_of(vote.preference)] += 1
        found.append(Disagreement(pk, doubt, split, len(cast.get(pk, []))))
    return found


def people_say(project: Project, *, item_ids: Sequence[int]) -> list[Vote]:
    """What people's answers to the question of the verdict say of these items' pairs."""
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    spec = rules.verdict_spec(questionnaire)
    if spec is None:
        return []
    rows = Judgment.objects.filter(
        assignment__item_id__in=item_ids,
        assignment__round=0,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
    ).values_list("assignment__item_id", "assignment__judge_id", "answers", "shown_order")
    told = (
        (item, judge, vote_of(spec, rules, said[spec.key], sorted(order)))
        for item, judge, said, order in rows
        if spec.key in said
    )
    return [Vote(item, judge, JudgeKind.PERSON, vote) for item, judge, vote in told if vote is not None]


def final_answers(project: Project) -> QuerySet[Adjudication]:
    """The final answers that count."""
    return (
        Adjudication.objects.filter(item__project=project, item__purpose=ItemPurpose.WORK, latest=True)
        .select_related("by", "guideline")
        .order_by("-made_at", "-pk")
    )


def final_answers_by_item(project: Project) -> dict[int, tuple[int, dict[str, Any]]]:
    """By item: the final answer's id and what it says."""
    rows = final_answers(project).values_list("item_id", "pk", "answers")
    return {item_id: (pk, answers) for item_id, pk, answers in rows}


def judgments_to_review(item: Item) -> list[Judgment]:
    """Every answer to the item that counts, people first, in an order that tells nothing of who gave it."""
    rows = Judgment.objects.filter(
        assignment__item=item, assignment__round=0, state=JudgmentState.CURRENT
    ).select_related("assignment__judge__user", "guideline")
    return sorted(
        rows, key=lambda one: (one.assignment.judge.kind != JudgeKind.PERSON, one.assignment.lease_token)
    )


def next_to_review(project: Project, *, after: int | None = None) -> int | None:
    """The most doubtful item but ``after``."""
    waiting = waiting_for_review(project).exclude(pk=after) if after else waiting_for_review(project)
    return waiting.values_list("pk", flat=True).first()
