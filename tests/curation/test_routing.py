from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.errors import InvalidSetting
from annotate.models import Item
from annotate.services.seats import take_seat
from curation.models import Route
from curation.services.routing import make_policy, route_items
from tests.factories import make_item, make_items, make_project

pytestmark = pytest.mark.django_db


def routed_to_people(policy):
    return set(policy.routes.exclude(target="model").values_list("item_id", flat=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, 9), share=st.floats(0, 1), later=st.integers(0, 4))
def test_a_budget_is_spent_exactly_and_never_passed(db, size, share, later):
    project = make_project(overlap=2)
    make_items(project, size)
    budget = round(share * (size + later))
    policy = make_policy(project=project, kind="random", human_budget=budget)

    first = route_items(policy=policy)
    make_items(project, later)
    second = route_items(policy=policy)

    assert first.people == min(budget, size)
    assert first.people + second.people == min(budget, size + later)
    wanted = Item.objects.filter(project=project, seats_wanted=2).values_list("pk", flat=True)
    assert set(wanted) == routed_to_people(policy)
    assert policy.routes.count() == size + later


def test_the_same_seed_gives_the_same_routes():
    project = make_project()
    make_items(project, 30)
    chosen = []
    for seed in (1, 1, 2):
        policy = make_policy(project=project, kind="random", human_budget=10, seed=seed)
        route_items(policy=policy)
        chosen.append(routed_to_people(policy))

    assert chosen[0] == chosen[1] != chosen[2]


def test_routing_again_only_adds():
    project = make_project()
    make_items(project, 10)
    policy = make_policy(project=project, kind="random", human_budget=5)
    route_items(policy=policy)
    before = list(Route.objects.order_by("pk").values())

    assert route_items(policy=policy).routed == 0
    make_item(project)

    assert route_items(policy=policy).routed == 1
    assert list(Route.objects.order_by("pk").values())[:10] == before


def test_everyone_is_asked_about_everything():
    project = make_project(overlap=3)
    make_items(project, 4)
    policy = make_policy(project=project, kind="everyone", ask_models=False)

    report = route_items(policy=policy)

    assert (report.people, report.models) == (4, 0)
    assert set(Route.objects.values_list("target", "probability")) == {("person", 1.0)}
    assert set(Item.objects.values_list("seats_wanted", flat=True)) == {3}


def test_a_route_says_how_likely_it_was():
    project = make_project()
    make_items(project, 8)
    policy = make_policy(project=project, kind="random", human_budget=2)
    route_items(policy=policy)

    assert set(Route.objects.values_list("probability", flat=True)) == {0.25}
    assert all(Route.objects.values_list("reason", flat=True))


def test_an_item_without_a_pair_is_not_routed():
    project = make_project()
    make_item(project, texts=("only one",))

    assert route_items(policy=make_policy(project=project, kind="everyone")).routed == 0


def test_a_seat_that_is_taken_stays_when_fewer_are_wanted():
    project = make_project(overlap=1)
    item = make_item(project, seats=3)
    for _ in range(2):
        take_seat(item_id=item.pk)

    route_items(policy=make_policy(project=project, kind="everyone"))

    item.refresh_from_db()
    assert (item.seats_wanted, item.seats_taken) == (2, 2)


@pytest.mark.parametrize("wrong", [{"kind": "luck"}, {"kind": "random", "human_budget": -1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidSetting):
        make_policy(project=make_project(), **wrong)
