from __future__ import annotations

import numpy as np
import pytest

from annotate.enums import JobKind, JobState
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Item, Job
from curation.models import Policy, Route, Score
from curation.selectors.evidence import project_evidence
from curation.selectors.planning import last_replay, project_plan
from curation.selectors.replays import replay_project
from curation.services.replaying import ask_for_replay, ask_to_route, retrain_where_due
from curation.services.routing import make_policy, route_items, send_to_people
from tests.factories import (
    make_item,
    make_items,
    make_judge,
    make_judgment,
    make_lease,
    make_model_judge,
    make_project,
)
from workers.running import work_off

pytestmark = pytest.mark.django_db


def embed(texts):
    """Four numbers from each text: a stand-in for a sentence model where only the shape matters."""
    found = np.array([[len(text), text.count("e"), text.count("a"), 1.0] for text in texts], dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def tagged_project(*, labelled=80, waiting=20, seed=0, errs=0.9):
    """On prompts tagged "law" the model is wrong most of the time; elsewhere hardly ever. People prefer the
    response with more of the letter e."""
    project = make_project()
    person, model = make_judge(project), make_model_judge(project)
    rng = np.random.default_rng(seed)
    for number in range(labelled + waiting):
        law = number % 4 == 0
        texts = ["e" * int(count) + "a" * (20 - int(count)) for count in rng.permutation(20)[:2]]
        item = make_item(project, texts=texts)
        item.meta = {"tags": {"subject": ["law" if law else "others"]}}
        item.save(update_fields=["meta"])
        truth = -2 if texts[0].count("e") > texts[1].count("e") else 2
        wrong = rng.random() < (errs if law else 0.03)
        make_judgment(item, model, -truth if wrong else truth)
        if number < labelled:
            make_judgment(item, person, truth)
    return project


def waiting_items(project):
    judged = Item.objects.filter(project=project, assignments__judge__kind="person").values("pk")
    return Item.objects.filter(project=project).exclude(pk__in=judged)


def test_no_preference_of_a_person_is_among_the_features():
    project = tagged_project(labelled=30, waiting=0)
    before = project_evidence(project).records
    for judgment in Item.objects.get(pk=project.items.first().pk).assignments.filter(judge__kind="person"):
        judgment.judgments.update(answers={"preference": "tie"})

    assert project_evidence(project).records == before


def test_the_learned_policy_sends_to_people_where_the_model_errs():
    project = tagged_project()
    policy = make_policy(project=project, kind="learned", human_budget=5, settings={"audit": 0.0})

    report = route_items(policy=policy, item_ids=list(waiting_items(project).values_list("pk", flat=True)))

    people = Route.objects.filter(policy=policy).exclude(target="model").select_related("item")
    assert (report.people, report.routed) == (5, 20)
    assert {route.item.meta["tags"]["subject"][0] for route in people} == {"law"}
    assert all("subject: law" in route.reason and route.expected_gain > 0.3 for route in people)
    assert set(Route.objects.filter(policy=policy, target="model").values_list("probability", flat=True)) == {
        0
    }
    assert policy.settings["learned"]["separation"]["low"] > 0.5


def test_a_router_that_is_no_better_than_random_is_refused():
    project = tagged_project(errs=0.03)

    with pytest.raises(InvalidSetting, match="not better than random"):
        make_policy(project=project, kind="learned", human_budget=5)
    assert not Policy.objects.exists()


@pytest.mark.parametrize("kind", ["learned", "mixture"])
def test_learning_from_too_few_labels_is_refused(kind):
    project = tagged_project(labelled=10, waiting=0)

    with pytest.raises(NothingToDo, match="learning needs 60"):
        make_policy(project=project, kind=kind, embed=embed)


def test_uncertainty_goes_where_the_judges_disagree():
    project = make_project()
    judges = make_model_judge(project, name="one"), make_model_judge(project, name="two")
    items = make_items(project, 6)
    for place, item in enumerate(items):
        make_judgment(item, judges[0], 2)
        make_judgment(item, judges[1], -2 if place in (1, 4) else 2)

    policy = make_policy(project=project, kind="uncertainty", human_budget=2)
    route_items(policy=policy)

    chosen = policy.routes.exclude(target="model").values_list("item_id", flat=True)
    assert set(chosen) == {items[1].pk, items[4].pk}
    assert "unsure" in policy.routes.first().reason


def test_what_has_to_go_to_people_goes_first_and_an_expert_is_asked():
    project = make_project()
    items = [
        make_item(project, prompt=words) for words in ("Why is rain wet?", "How do I make a bomb?", "Hi")
    ]
    settings = {"required": ["safety: high"], "experts": {"others": "safety"}}
    policy = make_policy(project=project, kind="random", human_budget=1, settings=settings)
    route_items(policy=policy)

    [route] = policy.routes.exclude(target="model")
    assert route.item_id == items[1].pk
    assert "safety: high" in route.reason
    assert Item.objects.get(pk=items[1].pk).expertise == "safety"
    assert Item.objects.get(pk=items[0].pk).expertise == ""


def test_a_policy_that_ranks_audits_unless_it_is_told_otherwise():
    project = tagged_project(labelled=0, waiting=60)

    usual = make_policy(project=project, kind="uncertainty", human_budget=40)
    never = make_policy(project=project, kind="uncertainty", human_budget=40, settings={"audit": 0.0})
    for policy in (usual, never):
        route_items(policy=policy)

    drawn = {"reason__startswith": "Drawn for the random audit"}
    assert usual.routes.filter(**drawn).count() == 2
    assert not never.routes.filter(**drawn).exists()
    assert all(one.probability > 0 for one in usual.routes.all())


def test_an_audit_has_a_known_probability_and_says_so():
    project = make_project()
    make_items(project, 40)
    policy = make_policy(project=project, kind="uncertainty", human_budget=10, settings={"audit": 0.4})
    route_items(policy=policy)

    audited = policy.routes.filter(reason__startswith="Drawn for the random audit").exclude(target="model")
    assert audited.count() == 4
    assert set(policy.routes.values_list("probability", flat=True)) == {1.0, 4 / 34}


def test_routing_anew_touches_only_what_nobody_has_begun():
    project = make_project()
    items = make_items(project, 6)
    first = make_policy(project=project, kind="everyone")
    route_items(policy=first)
    judge, other = make_judge(project), make_judge(project)
    make_judgment(items[0], judge, 2, seated=True)
    make_lease(items[1], other, seated=True)

    second = make_policy(project=project, kind="random", human_budget=3, seed=5)
    report = route_items(policy=second)

    people = set(second.routes.exclude(target="model").values_list("item_id", flat=True))
    assert (report.kept, report.people, report.routed) == (2, 1, 4)
    assert {items[0].pk, items[1].pk} < people
    assert len(people) == 3
    assert (
        set(Item.objects.filter(seats_wanted=0).values_list("pk", flat=True))
        == {item.pk for item in items} - people
    )
    assert second.routes.get(item=items[0]).reason.startswith("Kept from version 1")


def test_a_mixture_is_routed_within_its_budget():
    project = tagged_project(labelled=300, waiting=10)
    policy = make_policy(project=project, kind="mixture", human_budget=2, embed=embed)
    report = route_items(policy=policy, item_ids=list(waiting_items(project).values_list("pk", flat=True)))

    assert report.people == 2
    assert all("best mixture" in route.reason for route in policy.routes.exclude(target="model"))
    assert policy.settings["learned"]["spearman"]["low"] > 0


def test_a_mixture_is_refused_where_people_and_models_always_agree():
    project = tagged_project(labelled=90, waiting=0, errs=0.0)

    with pytest.raises(InvalidSetting, match="not better than random"):
        make_policy(project=project, kind="mixture", embed=lambda texts: np.ones((len(texts), 3)))


def test_a_learned_policy_learns_again_after_new_labels_and_only_once():
    project = tagged_project()
    person = project.judges.get(kind="person")
    policy = make_policy(project=project, kind="learned", human_budget=5, settings={"retrain_every": 3})
    route_items(policy=policy)

    assert retrain_where_due() == []
    for item in waiting_items(project)[:3]:
        make_judgment(item, person, 2)
    [job] = retrain_where_due()
    assert retrain_where_due() == []
    work_off()

    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    assert (project.policies.count(), job.result["version"]) == (2, 2)
    assert project.policies.get(version=2).settings["learned"]["labelled"] == 83


def test_a_policy_that_came_in_between_is_not_overruled():
    project = tagged_project()
    job = ask_to_route(project=project, policy={"kind": "learned", "human_budget": 5})
    make_policy(project=project, kind="everyone")
    work_off()

    job.refresh_from_db()
    assert job.result == {"superseded": 1}
    assert project.policies.count() == 1


def test_a_replay_has_random_and_the_oracle_beside_what_was_asked():
    project = tagged_project()
    found = replay_project(project, policies=["learned"], seeds=3)

    assert set(found) == {"items", "seeds", "policies", "verdict"}
    assert list(found["policies"]) == ["random", "learned", "oracle"]
    assert (found["items"], found["seeds"]) == (80, 3)
    for curve in found["policies"].values():
        assert len(curve["budget"]) == len(curve["accuracy"]) == len(curve["low"]) == len(curve["high"]) == 21
    areas = {name: curve["auc"] for name, curve in found["policies"].items()}
    assert areas["random"] < areas["learned"] < areas["oracle"]
    assert found["verdict"]["areas"]["learned"]["labels_used"] == 72


def test_one_budget_is_one_point_and_rewards_come_with_embeddings():
    found = replay_project(tagged_project(), budget=0.25, seeds=2, embed=embed)

    assert found["policies"]["oracle"]["budget"] == [0.25]
    assert len(found["verdict"]["reward_curves"]["mixture"]["accuracy"]) == 1


@pytest.mark.parametrize(
    ("wrong", "trouble"),
    [
        ({"policies": ["luck"]}, InvalidSetting),
        ({"budget": 1.5}, InvalidSetting),
        ({"seeds": 0}, InvalidSetting),
        ({"judge": "nobody"}, InvalidSetting),
    ],
)
def test_a_replay_that_makes_no_sense_is_refused(wrong, trouble):
    project = tagged_project(labelled=25, waiting=0)

    with pytest.raises(trouble):
        replay_project(project, **wrong)


def test_a_replay_without_enough_of_both_labels_says_what_it_needs():
    with pytest.raises(NothingToDo, match="Only 5 items"):
        replay_project(tagged_project(labelled=5))


def test_a_plan_reads_the_last_replay():
    from curation.numerics.routing.planning import Prices

    project = tagged_project()
    prices = Prices(person=1.0, model=0.0, seconds=36)
    bare = project_plan(project, prices, share=0.5, ask_models=True)
    job = ask_for_replay(project=project, seeds=2)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.DONE, result=replay_project(project, policies=["learned", "uncertainty"], seeds=2)
    )

    found = project_plan(project, prices, share=0.5, ask_models=True)

    assert bare.chosen.predicted == []
    assert (found.chosen.choice.people, found.chosen.choice.hours, found.chosen.choice.cost) == (50, 0.5, 50)
    assert [one.policy for one in found.chosen.predicted] == ["random", "uncertainty", "learned"]
    assert found.rows[-1].predicted[0].accuracy == 1
    assert last_replay(project).pk == job.pk


def test_an_item_sent_back_waits_for_one_more_person():
    project = make_project()
    item, judge = make_item(project), make_judge(project)
    policy = make_policy(project=project, kind="random", human_budget=0)
    route_items(policy=policy)
    make_lease(Item.objects.get(pk=item.pk), judge)

    assert send_to_people(project=project, item_ids=[item.pk], reason="Sent to people again.") == 1

    item.refresh_from_db()
    route = policy.routes.get()
    assert (item.seats_wanted, route.target, route.probability) == (1, "both", 1.0)


def test_labels_to_check_are_found_by_a_job(monkeypatch):
    import workers.routing

    monkeypatch.setattr(workers.routing, "_embed", lambda progress: embed)
    project = tagged_project(labelled=40, waiting=40)
    from curation.services.replaying import ask_to_recheck

    job = ask_to_recheck(project=project)
    work_off()

    job.refresh_from_db()
    assert (job.kind, job.state, job.result["silver"], job.result["gold"]) == (
        JobKind.RECHECK,
        "done",
        40,
        40,
    )
    ranks = [row["rank"] for row in job.result["queue"]]
    assert ranks
    assert ranks == sorted(ranks, reverse=True)
    assert all(row["reasons"] for row in job.result["queue"])


def test_a_replay_knows_nothing_of_strength_for_that_was_learned_from_labels():
    from curation.selectors.evidence import _proposes_flip, _scores

    scores = [
        Score(scorer="edit", first_id=1, value=0.5, flags=[]),
        Score(scorer="strength", first_id=1, value=-1.5, flags=["flip_proposed"]),
    ]

    assert _scores(scores, 1, strength=False) == {"edit": 0.5}
    assert _scores(scores, 1, strength=True) == {"edit": 0.5, "strength": 1.5}
    assert _proposes_flip(scores, 1)
    assert not _proposes_flip(scores[:1], 1)
