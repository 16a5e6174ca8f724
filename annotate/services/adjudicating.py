"""A reviewer looks at every answer to an item and gives the final one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from annotate.enums import ItemPurpose
from annotate.errors import InvalidAnswer, StaleEdit
from annotate.models import Adjudication, Item
from annotate.questions.subject import as_shown
from annotate.selectors.guidelines import current_guideline
from annotate.selectors.questions import questionnaire_of
from annotate.selectors.reviewing import judgments_to_review
from annotate.services.seats import hold_seats

LONGEST = 4000


@transaction.atomic
def adjudicate(
    *, item: Item, by: User, answers: Mapping[str, Any], reason: str, seen: Sequence[int]
) -> Adjudication:
    """Give the final answer, told about the candidates as stored. It wins over the votes when the item is
    settled, and nobody else is asked about the item.

    ``seen`` are the judgments the reviewer had before them: StaleEdit when others count by now. Raises
    InvalidAnswer for answers that do not fit the questions, and without a reason.
    """
    if item.purpose != ItemPurpose.WORK:
        raise InvalidAnswer("This item is not settled.", cure="Review an item of the work.")
    if not reason.strip():
        raise InvalidAnswer("A final answer needs a reason.", field="reason", cure="Write a sentence.")
    hold_seats(item_id=item.pk)
    votes = [judgment.pk for judgment in judgments_to_review(item)]
    if sorted(votes) != sorted(seen):
        raise StaleEdit("Somebody answered this item meanwhile.")
    texts = dict(item.candidates.values_list("position", "text"))
    cleaned = questionnaire_of(item.project).clean(answers, as_shown(sorted(texts), texts))
    Adjudication.objects.filter(item=item, latest=True).update(latest=False)
    final = Adjudication.objects.create(
        item=item,
        by=by,
        answers=cleaned.answers,
        reason=reason.strip()[:LONGEST],
        votes=votes,
        guideline=current_guideline(project_id=item.project_id),
    )
    Item.objects.filter(pk=item.pk).update(seats_wanted=F("seats_taken"))
    return final
