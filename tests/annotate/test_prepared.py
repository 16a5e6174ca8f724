"""A prepared query answers as the query it was made of."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db.models import BigAutoField, CharField, DurationField, F, UUIDField
from django.utils import timezone

from annotate.access import access_assignment, access_project
from annotate.models import Assignment, Item
from annotate.prepared import Prepared, PreparedInsert, PreparedUpdate, keep_related
from annotate.selectors.queue import held_leases, next_open_item, not_had
from annotate.services.assignments import take_next
from annotate.services.clock import database_now_plus
from tests.factories import make_items, make_judge, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def test_rows_and_what_was_joined_are_those_of_the_plain_query(django_assert_num_queries):
    project = make_project()
    make_items(project, 3, seats=1)
    judge = make_judge(project)
    take_next(project=project, judge=judge)
    plain = Assignment.objects.filter(judge=judge).select_related("item", "judge", "draft").get()

    with django_assert_num_queries(1):
        (found,) = held_leases(judge=judge)
        joined = (found.item.prompt, found.judge.name, found.item.project.slug, found.leased_until)

    assert found == plain
    assert (found.order, found.lease_token) == (plain.order, plain.lease_token)
    assert joined == (plain.item.prompt, judge.name, project.slug, plain.leased_until)
    assert not hasattr(found, "draft")


def test_values_are_filled_in_anew_each_time():
    project = make_project()
    items = make_items(project, 3, seats=0)
    by_key = Prepared(lambda key: Item.objects.filter(key=key), key=CharField())

    assert [by_key.first(key=item.key) for item in items] == items
    assert by_key.first(key="no such key") is None


def test_a_value_cannot_become_part_of_the_query():
    by_key = Prepared(lambda key: Item.objects.filter(key=key), key=CharField())

    assert by_key.rows(key="' OR 1=1 --") == []


def test_an_update_says_how_many_rows_it_wrote():
    project = make_project()
    first, second = make_items(project, 2, seats=1)
    want = PreparedUpdate(
        lambda pk: (Item.objects.filter(pk=pk), {"seats_wanted": F("seats_wanted") + 1}), pk=BigAutoField()
    )

    assert (want.run(pk=first.pk), want.run(pk=first.pk), want.run(pk=0)) == (1, 1, 0)
    assert list(project.items.order_by("pk").values_list("seats_wanted", flat=True)) == [3, 1]
    assert second.seats_wanted == 1


def test_a_token_is_adapted_to_the_database():
    project = make_project()
    make_items(project, 1, seats=1)
    lease = take_next(project=project, judge=make_judge(project))
    by_token = Prepared(lambda token: Assignment.objects.filter(lease_token=token), token=UUIDField())

    assert by_token.first(token=lease.lease_token) == lease
    assert by_token.first(token=uuid.uuid4()) is None


def test_rows_at_hand_are_not_fetched_again(django_assert_num_queries):
    project = make_project()
    (item,) = make_items(project, 1, seats=1)
    rows = list(item.candidates.all())
    keep_related(item, "candidates", rows)

    with django_assert_num_queries(0):
        assert list(item.candidates.all()) == rows


def test_the_next_item_is_the_first_after_the_judges_place_and_then_from_the_start():
    project = make_project()
    make_items(project, 5, seats=1)
    judge = make_judge(project)
    ring = list(not_had(judge=judge).filter(is_open=True))

    for place, item in enumerate(ring):
        judge.queue_cursor = item.key
        assert next_open_item(judge=judge) == ring[(place + 1) % len(ring)]


def test_the_doors_cost_one_query_each(django_assert_num_queries):
    project = make_project()
    make_items(project, 1, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)

    with django_assert_num_queries(2):
        found = access_project(user=judge.user, slug=project.slug)
        assignment = access_assignment(user=judge.user, project=found, pk=lease.pk)
        assert assignment.item.project is found
        assert assignment.judge.project is found


def test_an_insert_stores_what_save_would_and_sets_what_the_database_found():
    judge = make_judge(project := make_project())
    (item,) = make_items(project, 1, seats=1)
    lease = PreparedInsert(
        Assignment,
        ignore_conflicts=True,
        computed=lambda span: {"leased_until": database_now_plus(span)},
        span=DurationField(),
    )
    made = Assignment(item=item, judge=judge, order=[1, 0])

    assert lease.run(made, span=timedelta(minutes=5))

    kept = Assignment.objects.get(pk=made.pk)
    assert [getattr(kept, one.attname) for one in Assignment._meta.concrete_fields] == [
        getattr(made, one.attname) for one in Assignment._meta.concrete_fields
    ]
    assert timedelta(minutes=4) < kept.leased_until - timezone.now() <= timedelta(minutes=5)


def test_an_insert_that_a_constraint_refuses_leaves_the_row_as_it_was():
    judge = make_judge(project := make_project())
    (item,) = make_items(project, 1, seats=1)
    held = take_next(project=project, judge=judge)
    lease = PreparedInsert(Assignment, ignore_conflicts=True)
    again = Assignment(item=item, judge=judge, order=[0, 1], leased_until=held.leased_until)

    assert not lease.run(again)
    assert again.pk is None
    assert Assignment.objects.get().lease_token == held.lease_token


def test_rows_that_were_kept_can_still_be_asked_for_more(django_assert_num_queries):
    project = make_project()
    items = make_items(project, 2)
    other = items[1].candidates.all()
    kept = list(items[0].candidates.order_by("position"))
    keep_related(items[0], "candidates", kept)

    with django_assert_num_queries(0):
        assert [list(items[0].candidates.all()), len(items[0].candidates.all())] == [kept, 2]
    with django_assert_num_queries(1):
        assert list(items[0].candidates.filter(position=1)) == kept[1:]
    assert items[0].candidates.count() == 2
    assert set(items[0].candidates.values_list("pk", flat=True)).isdisjoint({one.pk for one in other})
