"""What a judge may spend and how fast it may ask hold exactly, whoever asks at once."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.errors import InvalidSetting, JudgeStopped, SpendCapReached
from annotate.models import Allowance, JudgeCall
from annotate.services.allowances import (
    PATIENCE,
    Wait,
    allowance_of,
    grant_call,
    money,
    price_of,
    resume_judge,
    set_limits,
    settle_call,
    stop_judge,
)
from annotate.services.calls import NewCall, Told, begin_call, keep_reply, lose_call
from annotate.services.clock import database_now_plus
from tests.factories import make_item, make_model_judge, make_project
from tests.helpers import lapse, together

pytestmark = pytest.mark.django_db


def make_allowance(project=None, *, cap=None, price_in=0, price_out=0, rate=0):
    allowance = allowance_of(project=project or make_project(), name="a model")
    return set_limits(
        allowance=allowance, spend_cap=cap, price_in=price_in, price_out=price_out, calls_per_minute=rate
    )


def make_new(judge, key="k", at_most=0):
    return NewCall(key=key.ljust(64, "0"), judge=judge, item=make_item(judge.project), at_most=at_most)


def past(allowance, **fields):
    """Let the times of these fields have passed."""
    changes = dict.fromkeys(fields, database_now_plus(timedelta(seconds=-1)))
    Allowance.objects.filter(pk=allowance.pk).update(**changes)


def test_prices_are_rounded_up_to_a_millionth():
    allowance = make_allowance(price_in=150_000, price_out=600_000)

    assert price_of(allowance, tokens_in=1_000_000, tokens_out=0) == 150_000
    assert price_of(allowance, tokens_in=1, tokens_out=1) == 1
    assert price_of(allowance, tokens_in=0, tokens_out=0) == 0
    assert [money(amount) for amount in (0, 1, 150_000, 2_000_000)] == ["0.00", "0.000001", "0.15", "2.00"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cap=st.integers(0, 100),
    calls=st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1), st.booleans()), max_size=25),
)
def test_the_spend_cap_is_never_passed_and_never_leaves_room_unused(project, cap, calls):
    allowance = make_allowance(project, cap=cap)
    Allowance.objects.filter(pk=allowance.pk).update(spent=0, reserved=0, failures=0, resting_until=None)
    spent, open_calls = 0, []
    for at_most, share, settles in calls:
        held = sum(amount for amount, _ in open_calls)
        fits = spent + held + at_most <= cap
        try:
            granted = grant_call(allowance=allowance, at_most=at_most) is None
        except SpendCapReached:
            granted = False
        assert granted == fits
        if granted:
            open_calls.append((at_most, int(at_most * share)))
        if settles and open_calls:
            reserved, price = open_calls.pop(0)
            settle_call(allowance=allowance, reserved=reserved, price=price, failed=False)
            spent += price
        allowance.refresh_from_db()
        assert (allowance.spent, allowance.reserved) == (spent, sum(amount for amount, _ in open_calls))
        assert allowance.spent + allowance.reserved <= cap


@pytest.mark.database_bound
@pytest.mark.django_db(transaction=True)
def test_calls_that_ask_at_once_do_not_pass_the_cap_together():
    allowance = make_allowance(cap=10)

    def ask():
        try:
            return grant_call(allowance=allowance, at_most=3)
        except SpendCapReached as refused:
            return refused

    granted = sum(one is None for one in together(*[ask] * 8))

    allowance.refresh_from_db()
    assert granted == 3
    assert (allowance.reserved, allowance.calls) == (9, 3)


@pytest.mark.database_bound
@pytest.mark.django_db(transaction=True)
def test_of_calls_that_ask_at_once_the_rate_lets_one_go():
    allowance = make_allowance(rate=60)

    found = together(*[lambda: grant_call(allowance=allowance, at_most=0)] * 6)

    assert sum(one is None for one in found) == 1
    assert all(0 < one.seconds <= 1 for one in found if one is not None)


def test_calls_are_a_minute_s_share_apart():
    allowance = make_allowance(rate=4)

    assert grant_call(allowance=allowance, at_most=0) is None
    assert 14 < grant_call(allowance=allowance, at_most=0).seconds <= 15
    past(allowance, next_call_at=True)
    assert grant_call(allowance=allowance, at_most=0) is None


def test_an_endpoint_that_failed_five_times_rests_and_is_tried_by_one_call():
    allowance = make_allowance()
    for _ in range(PATIENCE):
        assert grant_call(allowance=allowance, at_most=0) is None
        settle_call(allowance=allowance, reserved=0, price=0, failed=True)

    assert 50 < grant_call(allowance=allowance, at_most=0).seconds <= 60
    past(allowance, resting_until=True)
    assert grant_call(allowance=allowance, at_most=0) is None
    assert isinstance(grant_call(allowance=allowance, at_most=0), Wait)
    settle_call(allowance=allowance, reserved=0, price=0, failed=False)
    assert [grant_call(allowance=allowance, at_most=0) for _ in range(2)] == [None, None]


def test_a_stopped_judge_says_why_and_may_be_let_go_on():
    allowance = make_allowance()
    stop_judge(allowance=allowance, reason="it fails the control pairs.")

    with pytest.raises(JudgeStopped, match="control pairs"):
        grant_call(allowance=allowance, at_most=0)
    resume_judge(allowance=allowance)
    assert grant_call(allowance=allowance, at_most=0) is None


def test_limits_below_nothing_are_refused():
    with pytest.raises(InvalidSetting) as trouble:
        make_allowance(cap=-1)

    assert trouble.value.field == "spend_cap"


def test_a_question_with_a_reply_is_not_asked_again():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, price_in=1_000_000)
    new = make_new(judge, at_most=50)
    told = Told("A", {"shares": {"A": 1.0, "B": 0.0}, "mass": 1.0}, 30, 1, 0.2)
    keep_reply(call=begin_call(new=new, allowance=allowance), allowance=allowance, told=told)

    again = begin_call(new=new, allowance=allowance)

    assert (again.state, again.reply, again.price, again.attempts) == ("answered", "A", 30, 1)
    allowance.refresh_from_db()
    assert (allowance.calls, allowance.spent, allowance.reserved) == (1, 30, 0)


def test_another_version_of_the_judge_gets_the_same_reply_for_nothing():
    project = make_project()
    allowance = make_allowance(project)
    one, other = make_model_judge(project, version="1"), make_model_judge(project, version="2")
    keep_reply(call=begin_call(new=make_new(one), allowance=allowance), allowance=allowance, told=Told("A"))

    assert begin_call(new=make_new(other), allowance=allowance).reply == "A"
    assert JudgeCall.objects.count() == 1


@pytest.mark.database_bound
@pytest.mark.django_db(transaction=True)
def test_ten_workers_with_the_same_question_three_times_each_pay_once():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, cap=1000, price_in=1_000_000)
    new = make_new(judge, at_most=20)
    paid = []

    def work():
        for _ in range(3):
            begun = begin_call(new=new, allowance=allowance)
            if isinstance(begun, JudgeCall) and begun.state == "asked":
                paid.append(1)
                keep_reply(call=begun, allowance=allowance, told=Told("A", None, 7, 0, 0.1))

    assert [one for one in together(*[work] * 10) if one is not None] == []
    allowance.refresh_from_db()
    assert len(paid) == 1
    assert (allowance.spent, allowance.reserved, allowance.calls) == (7, 0, 1)


def test_a_call_whose_asker_died_is_free_again_and_counts_as_paid():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, cap=100)
    new = make_new(judge, at_most=40)
    dead = begin_call(new=new, allowance=allowance)
    assert isinstance(begin_call(new=new, allowance=allowance), Wait)
    lapse(JudgeCall.objects.filter(pk=dead.pk))

    mine = begin_call(new=new, allowance=allowance)
    keep_reply(call=dead, allowance=allowance, told=Told("late"))

    assert (mine.state, mine.attempts) == ("asked", 2)
    allowance.refresh_from_db()
    assert (allowance.spent, allowance.reserved) == (40, 40)
    keep_reply(call=mine, allowance=allowance, told=Told("A", None, 0, 0))
    allowance.refresh_from_db()
    assert (allowance.spent, allowance.reserved) == (40, 0)
    assert JudgeCall.objects.get().reply == "A"


@pytest.mark.parametrize(("charged", "spent"), [(True, 40), (False, 0)])
def test_a_lost_call_is_charged_only_where_it_was_sent(charged, spent):
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, cap=100)
    new = make_new(judge, at_most=40)
    call = begin_call(new=new, allowance=allowance)

    lose_call(call=call, allowance=allowance, error="cut off", charged=charged)
    lose_call(call=call, allowance=allowance, error="told twice", charged=charged)

    allowance.refresh_from_db()
    assert (allowance.spent, allowance.reserved, allowance.failures) == (spent, 0, 1)
    assert begin_call(new=new, allowance=allowance).attempts == 2


def test_a_reply_without_a_count_costs_all_that_was_held_back():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, price_in=1_000_000)
    call = begin_call(new=make_new(judge, at_most=40), allowance=allowance)

    assert keep_reply(call=call, allowance=allowance, told=Told("A")).price == 40


def test_a_call_that_no_cap_holds_leaves_no_trace_of_money():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, cap=10)

    with pytest.raises(SpendCapReached, match=r"0\.00001"):
        begin_call(new=make_new(judge, at_most=11), allowance=allowance)

    assert JudgeCall.objects.count() == 0
    allowance.refresh_from_db()
    assert (allowance.spent, allowance.reserved, allowance.calls) == (0, 0, 0)


@pytest.mark.database_bound
@pytest.mark.django_db(transaction=True)
def test_askers_that_fail_lapse_and_race_never_pass_the_cap():
    project = make_project()
    judge, allowance = make_model_judge(project), make_allowance(project, cap=200, price_in=1_000_000)
    items = [make_new(judge, key=f"k{number}", at_most=30) for number in range(6)]

    def work(seed):
        dice = random.Random(seed)
        for _ in range(12):
            try:
                begun = begin_call(new=dice.choice(items), allowance=allowance)
            except SpendCapReached:
                continue
            if isinstance(begun, JudgeCall) and begun.state == "asked":
                if dice.random() < 0.4:
                    lose_call(call=begun, allowance=allowance, error="x", charged=dice.random() < 0.5)
                    Allowance.objects.filter(pk=allowance.pk).update(failures=0, resting_until=None)
                else:
                    keep_reply(call=begun, allowance=allowance, told=Told("A", None, dice.randint(0, 30), 0))
            found = Allowance.objects.get(pk=allowance.pk)
            assert found.spent + found.reserved <= 200

    assert [one for one in together(*[lambda seed=seed: work(seed) for seed in range(4)]) if one] == []
    allowance.refresh_from_db()
    assert allowance.reserved == 0
    assert allowance.spent == sum(JudgeCall.objects.values_list("price", flat=True)) <= 200
