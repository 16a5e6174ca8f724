from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from annotate.models import Item
from annotate.services.seats import free_seat, take_seat, want_seats
from tests.factories import make_item, make_items, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def test_seats_are_taken_until_there_are_none():
    item = make_item(make_project(), seats=2)

    assert [take_seat(item_id=item.pk) for _ in range(4)] == [True, True, False, False]


def test_freeing_stops_at_zero():
    item = make_item(make_project(), seats=1)
    free_seat(item_id=item.pk)

    item.refresh_from_db()
    assert item.seats_taken == 0


def test_the_database_refuses_an_overbooked_item():
    item = make_item(make_project(), seats=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(seats_taken=2)


def test_asking_for_fewer_people_keeps_the_seats_that_are_taken():
    items = make_items(make_project(), 3, seats=3)
    for _ in range(2):
        take_seat(item_id=items[0].pk)

    want_seats(item_ids=[item.pk for item in items], wanted=1)

    assert list(Item.objects.order_by("pk").values_list("seats_wanted", "is_open")) == [
        (2, False),
        (1, True),
        (1, True),
    ]
