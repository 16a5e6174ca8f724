"""How far the people of an item differ: kept with it, for the review queue may not read all votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import BigAutoField

from annotate.enums import JudgeKind, JudgmentState
from annotate.models import Item, Judgment, Project
from annotate.prepared import Prepared
from annotate.questions.verdicts import vote_of
from annotate.rules.disagreement import disagreement
from annotate.selectors.judgments import Vote
from annotate.selectors.questions import questionnaire_of, settle_rules_of

BATCH = 500
_BY_PEOPLE = Prepared(
    lambda item: Judgment.objects.filter(
        assignment__item_id=item,
        assignment__round=0,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
    ).order_by("pk"),
    item=BigAutoField(),
)


def reconsider_doubt(*, item: Item) -> None:
    """After a person's answer came or went. The caller holds the item's seats, where others may answer it at
    the same time."""
    said = _BY_PEOPLE.rows(item=item.pk)
    if len(said) < 2 and not item.doubt:
        return
    value = _doubt(item.project, [(one.answers, one.shown_order) for one in said])
    if value is not None:
        Item.objects.filter(pk=item.pk).exclude(doubt=value).update(doubt=value)


@transaction.atomic
def reconsider_doubts(*, project: Project, item_ids: Collection[int]) -> None:
    """The same for many items at once, such as a batch of an import."""
    said: dict[int, list[tuple[dict[str, Any], list[int]]]] = defaultdict(list)
    by_people = Judgment.objects.filter(
        assignment__item__in=item_ids,
        assignment__round=0,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
    )
    for item, answers, order in by_people.order_by("pk").values_list(
        "assignment__item_id", "answers", "shown_order"
    ):
        said[item].append((answers, order))
    several = {item for item, votes in said.items() if len(votes) > 1}
    changed = []
    for item, before in Item.objects.filter(pk__in=item_ids).values_list("pk", "doubt"):
        value = _doubt(project, said[item]) if item in several or before else None
        if value is not None and value != before:
            changed.append(Item(pk=item, doubt=value))
    Item.objects.bulk_update(changed, ["doubt"], batch_size=BATCH)


def _doubt(project: Project, said: Sequence[tuple[Mapping[str, Any], Sequence[int]]]) -> float | None:
    """How far these answers differ; None where no question gives the project its verdict."""
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    spec = rules.verdict_spec(questionnaire)
    if spec is None:
        return None
    votes = [
        vote_of(spec, rules, answers[spec.key], sorted(order))
        for answers, order in said
        if spec.key in answers
    ]
    return disagreement([vote for vote in votes if vote is not None])


@transaction.atomic
def note_doubts(*, project: Project, votes: Mapping[int, Sequence[Vote]]) -> None:
    """Put right what all votes of people say, for a change of the questions changes what they say."""
    found = {item: disagreement([one.preference for one in cast]) for item, cast in votes.items()}
    new = {item: value for item, value in found.items() if value}
    old = dict(Item.objects.filter(project=project, doubt__gt=0).values_list("pk", "doubt"))
    changed = [
        Item(pk=item, doubt=new.get(item, 0.0))
        for item in sorted(new.keys() | old.keys())
        if new.get(item, 0.0) != old.get(item, 0.0)
    ]
    Item.objects.bulk_update(changed, ["doubt"], batch_size=BATCH)
