from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.errors import InvalidSetting
from annotate.models import Job
from annotate.services.assignments import take_next, undo_last
from annotate.services.judgments import record_judgment, record_unparseable
from annotate.services.standing import set_expertise
from curation.models import Estimate, Settlement
from curation.services.recipes import preview_recipe
from curation.services.settling import ask_to_settle, settle_items
from tests.factories import (
    make_item,
    make_judge,
    make_judgment,
    make_lease,
    make_model_judge,
    make_project,
)
from workers.running import work_off

pytestmark = pytest.mark.django_db


def estimate(item, pool):
    found = Estimate.objects.filter(item=item, pool=pool).first()
    return found and (found.verdict, found.preference, found.n_judges)


def test_people_and_models_are_settled_apart_and_together():
    project = make_project()
    item = make_item(project)
    for preference in (-2, -2):
        make_judgment(item, make_judge(project), preference)
    make_judgment(item, make_model_judge(project), 1)

    report = settle_items(project=project)

    assert estimate(item, "people") == ("first", -2.0, 2)
    assert estimate(item, "models") == ("second", 1.0, 1)
    assert estimate(item, "together") == ("first", -1.0, 3)
    assert estimate(item, "people_first") == ("first", -2.0, 2)
    assert report.estimates == {"people": 1, "models": 1, "together": 1, "people_first": 1}


def test_models_count_where_no_person_judged():
    project = make_project()
    item = make_item(project)
    make_judgment(item, make_model_judge(project), 3)

    settle_items(project=project)

    assert estimate(item, "people") is None
    assert estimate(item, "people_first") == ("second", 3.0, 1)


def test_a_reply_without_a_verdict_never_counts():
    project = make_project()
    item = make_item(project)
    make_judgment(item, make_model_judge(project, name="one"), -1)
    lease = make_lease(item, make_model_judge(project, name="other"))
    record_unparseable(assignment=lease, token=lease.lease_token, raw="?")
    silent = make_item(project)
    lease = make_lease(silent, make_model_judge(project, name="other"))
    record_unparseable(assignment=lease, token=lease.lease_token, raw="?")

    settle_items(project=project)

    assert estimate(item, "models") == ("first", -1.0, 1)
    assert estimate(silent, "models") is None


def test_settling_again_changes_nothing():
    project = make_project()
    for preference in (1, -3, "tie", "neither"):
        make_judgment(make_item(project), make_judge(project), preference)
    assert settle_items(project=project).changed > 0
    before = list(Estimate.objects.order_by("pk").values())

    assert settle_items(project=project).changed == 0
    assert list(Estimate.objects.order_by("pk").values()) == before


def test_only_what_changed_is_settled_anew():
    project = make_project()
    first, second = make_item(project), make_item(project)
    for item in (first, second):
        make_judgment(item, make_judge(project), 1)
    settle_items(project=project)
    kept = Estimate.objects.get(item=first, pool="people").made_at

    make_judgment(second, make_judge(project), 3)

    assert settle_items(project=project).changed == 3
    assert Estimate.objects.get(item=first, pool="people").made_at == kept
    assert estimate(second, "people") == ("second", 2.0, 2)


def test_a_withdrawn_judgment_leaves_the_estimate():
    project = make_project()
    item = make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": 1})
    settle_items(project=project)
    assert estimate(item, "people") == ("second", 1.0, 1)

    undo_last(project=project, judge=judge)
    settle_items(project=project)

    assert Estimate.objects.count() == 0
    assert Settlement.objects.get(pool="people").n_judgments == 0


def test_judges_who_agree_have_an_alpha_of_one():
    project = make_project()
    ann, bob = make_judge(project), make_judge(project)
    for preference in (-3, -1, 1, 3):
        item = make_item(project)
        make_judgment(item, ann, preference)
        make_judgment(item, bob, preference)

    assert settle_items(project=project).alpha["people"] == pytest.approx(1.0)


def test_votes_that_were_changed_and_changed_back_are_settled_again():
    project = make_project()
    item = make_item(project, seats=1)
    judge = make_judge(project)
    lease = take_next(project=project, judge=judge)
    verdicts = []
    for preference in (1, -1, 1):
        record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": preference})
        assert ask_to_settle(project=project) == ask_to_settle(project=project)
        work_off()
        verdicts.append(estimate(item, "people")[0])
        lease = undo_last(project=project, judge=judge)

    assert verdicts == ["second", "first", "second"]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_asking_to_settle_reads_no_answer_so_that_no_page_waits_for_a_million(django_assert_max_num_queries):
    project = make_project()
    for judge in (make_judge(project), make_model_judge(project)):
        for item in (make_item(project), make_item(project)):
            make_judgment(item, judge, 2)

    with django_assert_max_num_queries(20) as asked:
        first = ask_to_settle(project=project)

    assert not [one["sql"] for one in asked.captured_queries if '"answers"' in one["sql"]]
    make_judgment(make_item(project), make_judge(project), 1)
    assert ask_to_settle(project=project) != first


def settling_by(judges):
    project = make_project()
    project.settling = project.settling | {"judges": judges}
    project.save(update_fields=["settling"])
    return project


@pytest.mark.parametrize(
    ("judges", "found"), [("everyone", ("first", -0.5, 4)), ("experts", ("second", 2.0, 1))]
)
def test_experts_alone_may_settle_what_regular_workers_judged_too(judges, found):
    """MultiPref: two regular workers and two experts, of whom one knows another field."""
    project = settling_by(judges)
    item = make_item(project)
    project.items.update(expertise="law")
    for tags, preference in (([], -1), ([], -2), (["chemistry"], -1), (["law", "history"], 2)):
        judge = make_judge(project)
        set_expertise(judge=judge, tags=tags)
        make_judgment(item, judge, preference)
    make_judgment(item, make_model_judge(project), -3)

    settle_items(project=project)

    assert estimate(item, "people") == found
    assert estimate(item, "models") == ("first", -3.0, 1)


def test_any_expertise_will_do_where_an_item_asks_for_none_and_a_new_expert_is_heard():
    project = settling_by("experts")
    item, regular, expert = make_item(project), make_judge(project), make_judge(project)
    set_expertise(judge=expert, tags=["law"])
    make_judgment(item, regular, -3)
    make_judgment(item, expert, 3)
    settle_items(project=project)
    before = estimate(item, "people")

    set_expertise(judge=regular, tags=["chemistry"])
    job = ask_to_settle(project=project)
    settle_items(project=project)

    assert before == ("second", 3.0, 1)
    assert estimate(item, "people")[2] == 2
    assert job.state == "waiting"


@pytest.mark.parametrize(("judges", "kept"), [("everyone", 0), ("experts", 2)])
def test_a_bound_of_agreement_counts_whose_answers_count(judges, kept):
    """Two experts agree on two pairs; two who know nothing of it say the opposite."""
    project = settling_by(judges)
    items = [make_item(project), make_item(project)]
    for tags, sides in ((["law"], (-2, 2)), (["law"], (-2, 2)), ([], (2, -2)), ([], (2, -2))):
        judge = make_judge(project)
        set_expertise(judge=judge, tags=tags)
        for item, side in zip(items, sides, strict=True):
            make_judgment(item, judge, side)
    settle_items(project=project)
    steps = [{"step": "min_alpha", "at_least": 0.9, "by": "project"}]

    preview = preview_recipe(project=project, steps=steps, pool="people")

    assert preview.selection.kept == kept


def test_judges_of_another_sort_are_refused_by_name():
    project = settling_by("friends")

    with pytest.raises(InvalidSetting) as refused:
        settle_items(project=project)
    assert refused.value.field == "settling.judges"


def test_what_settling_thinks_about_holds_no_lock():
    """On SQLite all others wait from the first statement of a transaction to its last: only rows are written
    there, and nothing that counts votes, ranks models or draws samples comes in between."""
    project = make_project()
    for preference in (-2, 1, 3):
        item = make_item(project)
        make_judgment(item, make_judge(project), preference)
        make_judgment(item, make_judge(project), -preference)

    with CaptureQueriesContext(connection) as said:
        settle_items(project=project)

    inside, depth = [], 0
    for sql in (one["sql"] for one in said.captured_queries):
        if sql.startswith("SAVEPOINT"):
            depth += 1
        elif sql.startswith("RELEASE"):
            depth -= 1
        elif depth:
            inside.append(sql)
    assert {sql.split()[0] for sql in inside if "curation_" in sql} == {"INSERT", "DELETE"}


def test_estimates_are_written_some_at_a_time(monkeypatch):
    project = make_project()
    items = [make_item(project) for _ in range(5)]
    for item in items:
        make_judgment(item, make_judge(project), -2)
    monkeypatch.setattr("curation.services.settling.BATCH", 2)

    settle_items(project=project)

    assert [estimate(item, "people") for item in items] == [("first", -2.0, 1)] * 5
