"""Routing as a lead works with it: plan, replay, route, and labels to check again."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.enums import JobKind, JobState
from annotate.models import Item, Job
from curation.models import Route
from curation.selectors.replays import replay_project
from curation.services.routing import make_policy, route_items
from tests.curation.test_learned_routing import embed
from tests.factories import make_item, make_judge, make_judgment, make_model_judge

pytestmark = pytest.mark.django_db

PLAN = {
    "kind": "random",
    "human_budget": "50",
    "budget_unit": "share",
    "price_person": "2",
    "price_model": "0",
    "seconds": "36",
    "ask_models": "on",
}


@pytest.fixture
def judged_by_both(project):
    person, model = make_judge(project), make_model_judge(project)
    items = [make_item(project) for _ in range(24)]
    for place, item in enumerate(items):
        make_judgment(item, person, 2)
        make_judgment(item, model, -2 if place % 3 == 0 else 2)
    return items


@pytest.fixture
def replayed(project, judged_by_both):
    result = replay_project(project, policies=["learned", "uncertainty"], seeds=2)
    return Job.objects.create(
        project=project, kind=JobKind.REPLAY, key="replay", state=JobState.DONE, result=result
    )


@pytest.fixture
def lead_here(project, lead, sign_in):
    return sign_in(lead)


def address(name, project):
    return reverse(name, args=[project.slug])


def text_of(answer):
    return answer.content.decode()


def test_a_plan_is_shown_before_anything_is_committed(project, judged_by_both, lead_here):
    for name in ("show_plan", "show_routing"):
        page = text_of(lead_here.get(address(name, project), PLAN))

        assert "<b>12</b><span>items to people of 24</span>" in page
        assert "<b>0.1</b><span>hours</span>" in page
        assert "<b>24.00</b><span>cost in all</span>" in page
    assert not project.policies.exists()


def test_a_plan_for_nonsense_says_so(project, judged_by_both, lead_here):
    answer = lead_here.get(address("show_plan", project), PLAN | {"human_budget": "many"})

    assert (answer.status_code, "There is no plan" in text_of(answer)) == (200, True)


def test_a_replay_draws_its_curves_and_feeds_the_plan(project, replayed, lead_here):
    page = text_of(lead_here.get(address("show_routing", project), PLAN))

    assert replayed.result["verdict"]["words"] in page
    assert page.count('<polyline class="line') == 7
    assert "Predicted share of labels that agree with people" in page


def test_a_replay_with_embeddings_draws_the_reward_models_too(project, judged_by_both, lead_here):
    result = replay_project(project, policies=["learned"], seeds=2, embed=embed)
    Job.objects.create(project=project, kind=JobKind.REPLAY, key="replay", state=JobState.DONE, result=result)

    page = text_of(lead_here.get(address("show_routing", project)))

    assert "Accuracy of a reward model by the share of items" in page
    assert set(result["verdict"]["reward_curves"]) == set(result["policies"])


def test_a_replay_is_left_to_a_worker_once(project, judged_by_both, lead_here):
    for _ in range(2):
        assert lead_here.post(address("replay", project)).status_code == 302

    assert project.jobs.filter(kind=JobKind.REPLAY).count() == 1


def test_a_share_becomes_a_number_of_items_and_is_remembered(project, judged_by_both, lead_here):
    answer = lead_here.post(address("show_routing", project), PLAN | {"audit": "0"})

    policy = project.policies.get()
    assert (answer.status_code, policy.human_budget) == (302, 12)
    assert policy.settings["budget_as"] == {"amount": 50.0, "unit": "share", "person": 2.0, "model": 0.0}
    assert policy.routes.exclude(target="model").count() == 12


def test_a_sum_of_money_buys_what_it_pays_for(project, judged_by_both, lead_here):
    lead_here.post(address("show_routing", project), PLAN | {"human_budget": "11", "budget_unit": "money"})

    assert project.policies.get().human_budget == 5


def test_a_learned_policy_is_left_to_a_worker(project, judged_by_both, lead_here):
    answer = lead_here.post(address("show_routing", project), PLAN | {"kind": "learned"})

    job = project.jobs.get(kind=JobKind.ROUTE)
    assert answer.status_code == 302
    assert (job.payload["policy"]["kind"], job.payload["policy"]["human_budget"]) == ("learned", 12)


def test_a_line_about_experts_that_cannot_be_read_is_refused_at_its_field(project, judged_by_both, lead_here):
    answer = lead_here.post(address("show_routing", project), PLAN | {"experts": "law is for lawyers"})

    assert (answer.status_code, "subject = expertise" in text_of(answer)) == (422, True)
    assert not project.policies.exists()


def test_the_item_page_says_why_it_went_to_a_person(project, judged_by_both, lead_here):
    route_items(policy=make_policy(project=project, kind="uncertainty", human_budget=24))
    item = judged_by_both[0]

    page = text_of(lead_here.get(reverse("show_item", args=[project.slug, item.pk])))

    assert "the model judges are unsure" in page


def test_nobody_has_looked_then_a_look_is_asked_for(project, judged_by_both, lead_here):
    assert "Nobody has looked yet" in text_of(lead_here.get(address("show_rechecks", project)))

    lead_here.post(address("show_rechecks", project), {"look": "1"})

    assert project.jobs.filter(kind=JobKind.RECHECK).count() == 1


def test_chosen_labels_go_to_one_more_person_with_their_reason(project, judged_by_both, lead_here):
    route_items(policy=make_policy(project=project, kind="random", human_budget=0))
    item = judged_by_both[3]
    row = {"item_id": item.pk, "item": item.external_id, "reasons": ["it does harm"], "value": 0.7}
    Job.objects.create(
        project=project,
        kind=JobKind.RECHECK,
        key="recheck",
        state=JobState.DONE,
        result={
            "queue": [row | {"minutes": 1.0, "rank": 0.7}],
            "found": 1,
            "judge": "m",
            "gold": 20,
            "silver": 4,
        },
    )
    assert "It does harm" in text_of(lead_here.get(address("show_rechecks", project)))

    lead_here.post(address("show_rechecks", project), {"item": [str(item.pk)]})

    route = Route.objects.get(item=item)
    assert (route.reason, route.target) == ("Sent to people again: it does harm.", "both")
    assert Item.objects.get(pk=item.pk).seats_wanted == 1


def test_an_item_of_another_project_cannot_be_sent(project, judged_by_both, lead_here):
    from tests.factories import make_project

    foreign = make_item(make_project())
    make_policy(project=project, kind="everyone")

    assert lead_here.post(address("show_rechecks", project), {"item": [str(foreign.pk)]}).status_code == 404
    assert Item.objects.get(pk=foreign.pk).seats_wanted == 0


def test_the_api_routes_learned_policies_by_a_job_and_replays(project, judged_by_both, lead_here):
    routed = lead_here.post(
        reverse("api_routes", args=[project.slug]), {"kind": "learned"}, content_type="application/json"
    )
    asked = lead_here.post(
        reverse("api_replays", args=[project.slug]), {"seeds": 2}, content_type="application/json"
    )
    plain = lead_here.post(
        reverse("api_routes", args=[project.slug]),
        {"kind": "random", "human_budget": 4, "must_go_to_people": ["safety: high"]},
        content_type="application/json",
    )

    assert (routed.status_code, asked.status_code, plain.status_code) == (202, 202, 201)
    assert plain.json()["people"] == 4
    assert lead_here.get(reverse("api_replays", args=[project.slug])).json() == {}
