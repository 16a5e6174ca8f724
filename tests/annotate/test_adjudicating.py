from __future__ import annotations

import pytest

from annotate.errors import InvalidAnswer, StaleEdit
from annotate.models import Adjudication, Assignment, Item, Project
from annotate.selectors.reviewing import disagreements, judgments_to_review, next_to_review
from annotate.services.adjudicating import adjudicate
from annotate.services.assignments import take_next, undo_last
from annotate.services.flags import set_aside
from annotate.services.judgments import record_judgment, revise_judgment
from curation.models import Estimate
from curation.services.settling import settle_items
from tests.factories import (
    ask_preset,
    make_answers,
    make_item,
    make_judge,
    make_judgment,
    make_model_judge,
    make_project,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]


def judged(project, *preferences, **fields):
    item = make_item(project, **fields)
    for preference in preferences:
        make_judgment(item, make_judge(project), preference)
    return item


def seen(item):
    return [one.pk for one in judgments_to_review(item)]


def final(item, preference, **more):
    asked = {"reason": "The second invents a source.", "seen": seen(item)} | more
    return adjudicate(
        item=item,
        by=make_user(),
        answers={"preference": preference},
        **asked,
    )


def estimate(item, pool="people"):
    settle_items(project=item.project)
    found = Estimate.objects.get(item=item, pool=pool)
    return found.verdict, found.preference, found.n_judges, found.spread, found.adjudicated


def test_the_most_doubtful_item_comes_first():
    project = make_project()
    judged(project, 1, 2)
    mild = judged(project, 1, 1, -1)
    apart = judged(project, -3, 3)
    even = judged(project, -1, 1)

    found = disagreements(project, limit=50)

    assert [one.item_id for one in found] == [apart.pk, even.pk, mild.pk]
    assert found[0].split == {"first": 1, "second": 1, "tie": 0, "neither": 0}
    assert next_to_review(project, after=apart.pk) == even.pk


def test_models_that_differ_are_no_matter_for_review():
    project = make_project()
    item = judged(project, 1)
    make_judgment(item, make_model_judge(project), -3)

    assert disagreements(project, limit=50) == []


def test_a_final_answer_wins_over_the_votes_and_is_recorded_as_such():
    project = make_project()
    item = judged(project, -2, -2, 1)
    make_judgment(item, make_model_judge(project), -3)
    assert estimate(item) == ("first", -1.0, 3, 3.0, False)

    final(item, 2)

    assert estimate(item) == ("second", 2.0, 3, 3.0, True)
    assert estimate(item, "people_first") == ("second", 2.0, 3, 3.0, True)
    assert estimate(item, "models") == ("first", -3.0, 1, 0.0, False)
    assert disagreements(project, limit=50) == []
    assert settle_items(project=project).changed == 0


def test_another_final_answer_follows_and_the_first_is_kept():
    project = make_project()
    item = judged(project, -2, 1)
    first = final(item, 2)
    final(item, "tie")

    first.refresh_from_db()
    assert (first.latest, first.answers) == (False, {"preference": 2})
    assert Adjudication.objects.filter(item=item, latest=True).get().answers == {"preference": "tie"}
    assert estimate(item)[:2] == ("tie", 0.0)


def test_nobody_else_is_asked_once_there_is_a_final_answer():
    project = make_project()
    item = judged(project, -2, 1, seats=3)

    final(item, 1)

    assert take_next(project=project, judge=make_judge(project)) is None


def test_a_final_answer_over_answers_that_changed_is_refused():
    project = make_project()
    item = judged(project, -2, 1)
    before = seen(item)
    make_judgment(item, make_judge(project), 3)

    with pytest.raises(StaleEdit):
        final(item, 1, seen=before)
    assert not Adjudication.objects.exists()


def test_a_final_answer_needs_a_reason_an_answer_and_an_item_of_the_work():
    project = make_project()
    item = judged(project, -2, 1)

    with pytest.raises(InvalidAnswer):
        final(item, 1, reason="  ")
    with pytest.raises(InvalidAnswer):
        final(item, 7)
    set_aside(item=item)
    item.refresh_from_db()
    with pytest.raises(InvalidAnswer):
        final(item, 1)
    assert not Adjudication.objects.exists()


def test_the_queue_follows_every_answer_that_comes_changes_or_goes():
    project = make_project(overlap=2)
    item = make_item(project, seats=2)
    first, second = make_judge(project), make_judge(project)
    answered = {}
    for judge, preference in ((first, -1), (second, 2)):
        lease = take_next(project=project, judge=judge)
        answered[judge] = record_judgment(
            assignment=lease, token=lease.lease_token, answers={"preference": preference}
        )
    assert [one.item_id for one in disagreements(project, limit=9)] == [item.pk]

    revise_judgment(
        assignment=Assignment.objects.get(judge=second), expected_revision=1, answers={"preference": -3}
    )
    assert disagreements(project, limit=9) == []
    revise_judgment(
        assignment=Assignment.objects.get(judge=second), expected_revision=2, answers={"preference": "tie"}
    )
    assert len(disagreements(project, limit=9)) == 1
    undo_last(project=project, judge=second)
    assert disagreements(project, limit=9) == []


def test_rankings_and_ratings_that_differ_wait_for_review_as_well():
    project = ask_preset(make_project(), "oasst-ranking")
    alike, apart = make_item(project), make_item(project)
    for item, rankings in ((alike, ([[0], [1]], [[0], [1]])), (apart, ([[0], [1]], [[1], [0]]))):
        for ranking in rankings:
            make_answers(item, make_judge(project), {"rankable": "yes", "ranking": ranking})

    found = disagreements(project, limit=9)
    assert [one.item_id for one in found] == [apart.pk]
    assert found[0].split == {"first": 1, "second": 1, "tie": 0, "neither": 0}


def test_settling_puts_the_queue_right_after_another_question_decides():
    project = make_project()
    judged(project, -1, 2)
    Item.objects.update(doubt=0)
    assert disagreements(project, limit=9) == []

    settle_items(project=project)

    assert len(disagreements(project, limit=9)) == 1


def test_the_queue_reads_no_more_than_it_shows(django_assert_max_num_queries):
    project = make_project()
    for _item in range(12):
        judged(project, -1, 1)
    fresh = Project.objects.get(pk=project.pk)

    with django_assert_max_num_queries(3):
        shown = disagreements(fresh, limit=5)
    assert len(shown) == 5
    assert sum(one.n_judges for one in shown) == 10
