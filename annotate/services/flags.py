"""A judge passes and says why; the lead answers."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotate.enums import AssignmentState, FlagReason, FlagState, ItemPurpose
from annotate.errors import InvalidAnswer, StaleEdit
from annotate.models import Assignment, Flag, Item
from annotate.services.assignments import pass_on
from annotate.services.seats import hold_seats

LONGEST = 2000


@transaction.atomic
def flag_assignment(*, assignment: Assignment, token: uuid.UUID, reason: str, text: str = "") -> Flag:
    """Give the item back and put it before the lead. The judge is not asked about it again."""
    if reason not in FlagReason.values:
        raise InvalidAnswer("Say what is wrong.", field="reason", cure="Choose one of the reasons.")
    if reason == FlagReason.OTHER and not text.strip():
        raise InvalidAnswer("Say what is wrong.", field="text", cure="Write a few words.")
    pass_on(assignment=assignment, token=token, state=AssignmentState.FLAGGED, reason=reason)
    raised = Flag.objects.filter(assignment=assignment, state=FlagState.OPEN).first()
    if raised is not None:
        return raised  # sent again by a page that never saw the reply
    return Flag.objects.create(assignment=assignment, reason=reason, text=text.strip()[:LONGEST])


@transaction.atomic
def answer_flag(*, flag: Flag, by: User, state: FlagState, note: str = "") -> Flag:
    """Keep the item in the work, or set it aside. Raises StaleEdit when the flag is no longer open."""
    moved = Flag.objects.filter(pk=flag.pk, state=FlagState.OPEN).update(
        state=state, answered_by=by, answered_at=timezone.now(), note=note.strip()[:LONGEST]
    )
    if not moved:
        raise StaleEdit(
            "This flag was answered or withdrawn meanwhile.", cure="Reload the page to see by whom."
        )
    if state == FlagState.SET_ASIDE:
        set_aside(item=flag.assignment.item)
    flag.refresh_from_db()
    return flag


@transaction.atomic
def set_aside(*, item: Item) -> None:
    """Take an item out of the work: nobody new is asked, and it is neither settled nor released. What was
    answered stays."""
    hold_seats(item_id=item.pk)
    Item.objects.filter(pk=item.pk).update(purpose=ItemPurpose.SET_ASIDE, seats_wanted=F("seats_taken"))


@transaction.atomic
def take_back(*, item: Item) -> None:
    """Bring an item that was set aside back into the work; routing opens its seats anew."""
    Item.objects.filter(pk=item.pk, purpose=ItemPurpose.SET_ASIDE).update(purpose=ItemPurpose.WORK)
