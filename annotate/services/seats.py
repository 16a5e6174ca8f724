"""The only writer of an item's seats. Each change is one conditional UPDATE whose row count says who won."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from annotate.models import Item


def take_seat(*, item_id: int) -> bool:
    """Take one of the item's free seats; False when there is none."""
    free = Item.objects.filter(pk=item_id, seats_taken__lt=F("seats_wanted"))
    return bool(free.update(seats_taken=F("seats_taken") + 1))


def hold_seats(*, item_id: int) -> None:
    """Lock the item's seats until the transaction ends. Whoever moves an assignment and a seat together comes
    by the item first, as taking does; else two of them can wait for each other."""
    Item.objects.select_for_update(no_key=True).filter(pk=item_id).values_list("pk").first()


def free_seat(*, item_id: int) -> None:
    Item.objects.filter(pk=item_id, seats_taken__gt=0).update(seats_taken=F("seats_taken") - 1)


@transaction.atomic
def want_seats(*, item_ids: list[int], wanted: int) -> int:
    """Ask for ``wanted`` people on each item, never for fewer than have it already."""
    changed = 0
    for start in range(0, len(item_ids), 500):
        some = Item.objects.filter(pk__in=item_ids[start : start + 500])
        changed += some.update(seats_wanted=Greatest(F("seats_taken"), wanted))
    return changed
