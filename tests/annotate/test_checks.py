"""Gold, qualification, traps and hidden repeats: what judges meet between the work, and what comes of it."""

from __future__ import annotations

import pytest

from annotate.enums import ItemPurpose
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Assignment, Item
from annotate.selectors.checks import checked_answers
from annotate.selectors.judgments import votes_of
from annotate.services.assignments import lease_item, skip_assignment, take_next
from annotate.services.gold import make_gold, make_traps, unmake_gold
from annotate.services.judgments import record_judgment, revise_judgment
from annotate.services.qualifying import let_in
from annotate.services.seats import want_seats
from curation.enums import Pool
from curation.models import Estimate
from curation.selectors.quality import repeated_answers
from curation.selectors.tables import TableSource, table_rows
from curation.services.routing import make_policy, route_items
from curation.services.settling import settle_items
from tests.factories import (
    ask_preset,
    make_answers,
    make_item,
    make_items,
    make_judge,
    make_lease,
    make_project,
)
from tests.helpers import assert_seats_add_up

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]
FIRST = {"preference": ["first"]}
LONG = " ".join(f"word{n}" for n in range(40))


def make_flow(**flow):
    project = make_project()
    project.flow = flow
    project.save()
    return project


def make_checks(project, count, purpose=ItemPurpose.GOLD):
    items = make_items(project, count)
    for item in items:
        make_gold(item=item, accepted=FIRST, purpose=purpose)
    return items


def answer(lease, preference=-1, **more):
    return record_judgment(
        assignment=lease, token=lease.lease_token, answers={"preference": preference}, **more
    )


def work_through(project, judge, preference=-1):
    given = []
    while (lease := take_next(project=project, judge=judge)) is not None:
        given.append(lease)
        answer(lease, preference)
    return given


def test_gold_comes_in_the_share_asked_for_and_takes_no_seat():
    project = make_flow(gold_percent=30)
    make_items(project, 60, seats=1)
    make_checks(project, 40)
    judge = make_judge(project)

    given = work_through(project, judge)

    purposes = [lease.item.purpose for lease in given]
    assert purposes.count("work") == 60
    assert 12 <= purposes.count("gold") <= 40
    assert len({lease.item_id for lease in given}) == len(given)
    assert_seats_add_up(project)
    right = [one.right for one in checked_answers(project, purpose=ItemPurpose.GOLD)]
    assert right == [True] * purposes.count("gold")


def test_without_work_there_are_no_checks():
    project = make_flow(gold_percent=50)
    make_checks(project, 5)

    assert take_next(project=project, judge=make_judge(project)) is None


def released(project):
    """Ids of what a recipe may choose from."""
    source = TableSource(project, Pool.PEOPLE, "majority")
    return [row["id"] for rows in table_rows(source) for row in rows]


def test_gold_is_never_settled_routed_or_released():
    project = make_flow(gold_percent=50)
    item = make_item(project, seats=1)
    judge = make_judge(project)
    answer(take_next(project=project, judge=judge))
    settle_items(project=project)
    assert Estimate.objects.filter(item=item).exists()
    assert released(project) == [item.external_id]

    make_gold(item=item, accepted=FIRST)

    assert released(project) == []
    settle_items(project=project)
    assert not Estimate.objects.filter(item=item).exists()
    assert votes_of(project) == []
    assert route_items(policy=make_policy(project=project, kind="everyone")).routed == 0
    want_seats(item_ids=[item.pk], wanted=5)
    item.refresh_from_db()
    assert (item.purpose, item.seats_wanted) == ("gold", 1)

    unmake_gold(item=item)
    settle_items(project=project)
    assert Estimate.objects.filter(item=item).exists()


@pytest.mark.parametrize(
    "accepted", [{}, {"preference": []}, {"preference": ["left"]}, {"nothing": ["first"]}]
)
def test_gold_needs_answers_that_somebody_could_give(accepted):
    item = make_item(make_project())

    with pytest.raises(InvalidSetting):
        make_gold(item=item, accepted=accepted)
    assert Item.objects.get(pk=item.pk).purpose == "work"


def test_repeats_are_shown_the_other_way_round_and_never_count_as_votes():
    project = make_flow(repeat_percent=40)
    make_items(project, 40, seats=1)
    judge = make_judge(project)

    given = work_through(project, judge)

    repeats = [lease for lease in given if lease.round == 1]
    first = {lease.item_id: lease for lease in given if lease.round == 0}
    assert len(first) == 40
    assert len(repeats) >= 5
    assert len({lease.item_id for lease in repeats}) == len(repeats)
    assert all(lease.order == first[lease.item_id].order[::-1] for lease in repeats)
    assert all(given.index(lease) - given.index(first[lease.item_id]) > 10 for lease in repeats)
    assert len(votes_of(project)) == 40
    assert_seats_add_up(project)


def test_traps_have_one_response_spoiled_and_the_other_as_it_was():
    project = make_flow(trap_percent=50)
    sources = make_items(project, 12, seats=1, texts=(f"{LONG} one", f"{LONG} two"))

    assert make_traps(project=project, count=5) == 5
    assert make_traps(project=project, count=50) == 7

    traps = Item.objects.filter(purpose="trap").select_related("gold", "source")
    assert {trap.source for trap in traps} == set(sources)
    for trap in traps:
        original = [one.text for one in trap.source.candidates.order_by("position")]
        texts = [one.text for one in trap.candidates.order_by("position")]
        kept = [one == other for one, other in zip(texts, original, strict=True)]
        assert sorted(kept) == [False, True]
        assert trap.gold.accepted == {"preference": ["first" if kept[0] else "second"]}
        assert trap.seats_wanted == 0
    assert any(lease.item.purpose == "trap" for lease in work_through(project, make_judge(project)))


def test_short_responses_make_no_traps():
    project = make_project()
    make_item(project, prompt="one")

    with pytest.raises(NothingToDo):
        make_traps(project=project, count=5)


def test_the_test_comes_first_and_who_passes_goes_on():
    project = make_flow(pass_mark=70)
    make_items(project, 3, seats=1)
    make_checks(project, 4, ItemPurpose.QUALIFICATION)
    judge = make_judge(project)

    leases = []
    for preference in (-1, -3, -2, 1):
        leases.append(take_next(project=project, judge=judge))
        answer(leases[-1], preference)
    assert [lease.item.purpose for lease in leases] == ["qualification"] * 4

    assert take_next(project=project, judge=judge).item.purpose == "work"
    assert judge.qualified_at is not None


def test_who_does_not_pass_waits_for_the_lead():
    project = make_flow(pass_mark=80)
    make_items(project, 1, seats=1)
    make_checks(project, 2, ItemPurpose.QUALIFICATION)
    judge = make_judge(project)
    answer(take_next(project=project, judge=judge), -1)
    lease = take_next(project=project, judge=judge)
    skip_assignment(assignment=lease, token=lease.lease_token)

    assert take_next(project=project, judge=judge) is None
    assert (judge.standing, judge.qualified_at) == ("failed", None)
    assert take_next(project=project, judge=make_judge(project)).item.purpose == "qualification"

    let_in(judge=judge)
    assert take_next(project=project, judge=judge).item.purpose == "work"


def test_a_pass_mark_without_a_test_keeps_nobody_out():
    project = make_flow(pass_mark=80)
    make_item(project, seats=1)

    assert take_next(project=project, judge=make_judge(project)) is not None


@pytest.mark.parametrize(("feedback", "right"), [(False, True), (True, False)])
def test_an_answer_changed_after_being_told_counts_as_it_was_first(feedback, right):
    project = make_flow(gold_feedback=feedback)
    item = make_checks(project, 1)[0]
    judge = make_judge(project)
    lease = make_lease(item, judge)
    made = answer(lease, 2)
    lease = Assignment.objects.get(pk=lease.pk)
    revise_judgment(assignment=lease, expected_revision=made.revision, answers={"preference": -2})

    assert [one.right for one in checked_answers(project, purpose=ItemPurpose.GOLD)] == [right]


RATED = {"correctness": 2, "coherence": 2, "complexity": 2, "verbosity": 2}
ASKED = {
    "helpsteer2": (
        {"ratings": {"0": {"helpfulness": 4} | RATED, "1": {"helpfulness": 0} | RATED}},
        {"ratings": {"0": {"helpfulness": 0} | RATED, "1": {"helpfulness": 4} | RATED}},
    ),
    "oasst-ranking": (
        {"rankable": "yes", "ranking": [[0], [1]]},
        {"rankable": "yes", "ranking": [[1], [0]]},
    ),
    "kto": ({"thumbs": {"0": "up", "1": "down"}}, {"thumbs": {"0": "down", "1": "up"}}),
    "safe-rlhf": (
        {"severity": {"0": "none", "1": "none"}, "preference": -1, "safer": -1},
        {"severity": {"0": "none", "1": "none"}, "preference": 1, "safer": -1},
    ),
}


@pytest.mark.parametrize("preset", ASKED)
def test_traps_are_known_by_whatever_the_verdict_comes_from(preset):
    project = ask_preset(make_project(), preset)
    make_items(project, 6, texts=(f"{LONG} one", f"{LONG} two"))
    careful, careless = make_judge(project), make_judge(project)

    assert make_traps(project=project, count=6) == 6
    for trap in project.items.filter(purpose="trap"):
        first_is_better = not trap.candidates.get(position=0).text.startswith("word") or (
            trap.candidates.get(position=0).text == f"{LONG} one"
        )
        right, wrong = ASKED[preset] if first_is_better else ASKED[preset][::-1]
        make_answers(trap, careful, right)
        make_answers(trap, careless, wrong)

    found = checked_answers(project, purpose=ItemPurpose.TRAP)
    assert {one.right for one in found if one.judge_id == careful.pk} == {True}
    assert {one.right for one in found if one.judge_id == careless.pk} == {False}


def test_the_qualification_of_a_ranking_project_passes_who_keeps_the_order():
    project = ask_preset(make_flow(pass_mark=100), "oasst-ranking")
    project.flow = {"pass_mark": 100}
    project.save()
    make_item(project, seats=3)
    for item in make_items(project, 2, texts=("a", "b", "c")):
        make_gold(
            item=item,
            accepted={"ranking": [[[1], [0, 2]]], "rankable": ["yes"]},
            purpose=ItemPurpose.QUALIFICATION,
        )
    able, unable = make_judge(project), make_judge(project)
    for judge, groups in ((able, [[1], [2], [0]]), (unable, [[0], [1], [2]])):
        for _test in range(2):
            lease = take_next(project=project, judge=judge)
            record_judgment(
                assignment=lease, token=lease.lease_token, answers={"rankable": "yes", "ranking": groups}
            )

    assert take_next(project=project, judge=able).item.purpose == "work"
    assert take_next(project=project, judge=unable) is None


def test_a_judge_of_ratings_is_known_by_what_they_say_twice():
    project = ask_preset(make_project(), "helpsteer2")
    judge = make_judge(project)
    for later in (3, 0):
        item = make_item(project)
        for round_, helpfulness in ((0, 4), (1, later)):
            lease = lease_item(item=item, judge=judge, order=[0, 1], seated=False, round=round_)
            one = {"helpfulness": helpfulness} | RATED
            record_judgment(
                assignment=lease, token=lease.lease_token, answers={"ratings": {"0": one, "1": one}}
            )

    assert sorted(repeated_answers(project)[judge.pk]) == [False, True]


def test_gold_of_a_preference_by_any_name_is_told_by_its_side():
    project = ask_preset(make_project(), "multipref")
    item = make_item(project)
    make_gold(item=item, accepted={"helpful": ["second"]})
    judge = make_judge(project)
    sure = {f"{key}-confidence": "fair" for key in ("helpful", "truthful", "harmless")}
    answers = {"helpful": 2, "truthful": "tie", "harmless": "tie", "preference": 1}
    make_answers(item, judge, answers | sure | {"confidence": "fair"})

    assert [one.right for one in checked_answers(project, purpose=ItemPurpose.GOLD)] == [True]
