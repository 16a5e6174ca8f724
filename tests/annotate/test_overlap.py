"""Overlap as least and most: items close when the answers are sure, and open when they are not."""

from __future__ import annotations

import pytest

from annotate.models import Item
from annotate.services.assignments import skip_assignment, take_next
from annotate.services.importing import import_items
from annotate.services.judgments import record_judgment
from curation.services.routing import make_policy, route_items
from tests.factories import item_line, make_item, make_items, make_judge, make_project, write_lines
from tests.helpers import assert_seats_add_up

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def make_range(least, most, **flow):
    project = make_project(overlap=least)
    project.overlap_max = most
    project.flow = flow
    project.save()
    return project


def answer(project, preference):
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    return lease and record_judgment(
        assignment=lease, token=lease.lease_token, answers={"preference": preference}
    )


def routed_item(project):
    item = make_item(project)
    route_items(policy=make_policy(project=project, kind="everyone"))
    item.refresh_from_db()
    return item


def test_an_item_opens_for_the_least_and_closes_when_the_answers_agree():
    project = make_range(2, 5, sure_at=85)
    item = routed_item(project)
    assert item.seats_wanted == 2

    assert [bool(answer(project, 2)) for _ in range(4)] == [True, True, False, False]
    item.refresh_from_db()
    assert (item.seats_wanted, item.seats_taken) == (2, 2)


def test_doubt_asks_one_more_until_the_most():
    project = make_range(2, 4)
    routed_item(project)

    given = [bool(answer(project, preference)) for preference in (1, -1, 2, -2, 1)]

    assert given == [True, True, True, True, False]
    assert_seats_add_up(project)


def test_a_rule_of_never_asks_the_most_from_the_start():
    project = make_range(1, 3, stop="never")

    assert routed_item(project).seats_wanted == 3


def test_a_judge_is_asked_for_what_they_know():
    project = make_project()
    plain = make_item(project, seats=1)
    medicine = make_item(project, seats=1)
    Item.objects.filter(pk=medicine.pk).update(expertise="medicine")
    doctor = make_judge(project)
    doctor.expertise = ["law", "medicine"]
    doctor.save()

    layman = make_judge(project)
    first = take_next(project=project, judge=layman)
    assert first.item_id == plain.pk
    skip_assignment(assignment=first, token=first.lease_token)
    assert take_next(project=project, judge=layman) is None
    one = take_next(project=project, judge=doctor)
    record_judgment(assignment=one, token=one.lease_token, answers={"preference": 1})
    two = take_next(project=project, judge=doctor)
    assert {one.item_id, two.item_id} == {plain.pk, medicine.pk}


def test_the_ring_goes_by_key_whatever_the_expertise():
    project = make_project()
    items = make_items(project, 6, seats=1)
    Item.objects.filter(pk__in=[item.pk for item in items[::2]]).update(expertise="law")
    judge = make_judge(project)
    judge.expertise = ["law"]
    judge.queue_cursor = "0"
    judge.save()

    given = []
    while (lease := take_next(project=project, judge=judge)) is not None:
        given.append(lease.item.key)
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})

    assert given == sorted(item.key for item in items)


def test_a_file_says_what_judges_must_know(tmp_path):
    project = make_project()
    rows = [item_line(1, meta={"expertise": " Medicine "}), item_line(2, meta={"expertise": 7}), item_line(3)]

    import_items(project=project, path=write_lines(tmp_path / "items.jsonl", rows))

    known = project.items.order_by("external_id").values_list("expertise", flat=True)
    assert list(known) == ["medicine", "", ""]
