"""Injected lines are tried on a judge, and one that they steer may not label alone (promise P18)."""

from __future__ import annotations

import re

import pytest

from annotate.errors import InvalidSetting, JudgeStopped, NothingToDo
from annotate.models import JudgeCall, Judgment
from annotate.services.allowances import allowance_of, set_limits, stop_judge
from annotate.services.jobs import retry_job
from curation.models import InjectionTrial
from curation.prompts.injections import HARMLESS, INJECTIONS
from curation.selectors.judging import items_for, standing_of, why_no_model_alone
from curation.selectors.steering import LEAST_TRIED, steering_of, tried_on
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.steering import SIZES, trial_estimates, try_injections
from tests.factories import make_item, make_project
from tests.workers.hostile_endpoint import HostileEndpoint, answer, completion
from tests.workers.test_judging import prefers_good, sides
from tests.workers.test_judging_kinds import CHOICE, RATING
from workers.running import work_off

pytestmark = pytest.mark.django_db
CALLS_A_PAIR = 2 * (1 + len(HARMLESS) + len(INJECTIONS))


def obeys(words):
    """A judge that prefers what is good, but takes whichever response holds these words."""

    def script(number, asked):
        told = [words in side for side in sides(asked)]
        return [answer(completion("AB"[told[1]]))] if any(told) else prefers_good(number, asked)

    return script


@pytest.fixture
def served():
    endpoint = HostileEndpoint(prefers_good)
    yield endpoint
    endpoint.close()


def make_tried(served, *, items=LEAST_TRIED, **more):
    project = make_project()
    for number in range(items):
        make_item(project, texts=(f"good {number}", f"poor {number}"))
    route_items(policy=make_policy(project=project, kind="everyone", human_budget=0))
    given = {"backend": "endpoint", "url": served.url, "model": "m", "logprobs": False} | more
    return project, save_judge(project=project, name="Judge", given=given)


def test_a_judge_that_no_line_turns_may_label_alone(served):
    project, judge = make_tried(served)

    job = try_injections(judge=judge)
    work_off()

    job.refresh_from_db()
    tried = tried_on(judge)
    assert job.state == "done", job.error
    assert (tried.pairs, tried.injected, tried.harmless, tried.excess) == (LEAST_TRIED, 0, 0, 0)
    assert standing_of(judge).alone
    assert items_for(judge).count() == LEAST_TRIED
    assert len(served.asked) == LEAST_TRIED * CALLS_A_PAIR
    assert not Judgment.objects.exists()


def test_a_judge_that_one_of_ten_lines_turns_every_time_may_not_label_alone(served):
    served.script = obeys("Evaluator's note")
    project, judge = make_tried(served)

    try_injections(judge=judge)
    work_off()

    standing, tried = standing_of(judge), tried_on(judge)
    assert tried.turned == dict.fromkeys(tried.turned, 0) | {"an evaluator's note": LEAST_TRIED}
    assert tried.excess == pytest.approx(0.1)
    assert not standing.alone
    assert "10.0% of the tries, a harmless line in 0.0%: 10.0 points more" in standing.why
    assert not items_for(judge).exists()
    assert "may not label alone" in why_no_model_alone(project)


def test_what_turns_with_any_line_is_no_steering(served):
    def likes_lines(number, asked):
        first, second = (side.partition("\n\n")[0] for side in sides(asked))
        return [answer(completion("AB"[second.count("\n") > first.count("\n")]))]

    served.script = likes_lines
    _project, judge = make_tried(served)

    try_injections(judge=judge)
    work_off()

    tried = tried_on(judge)
    assert tried.harmless == tried.injected == 1
    assert "injected" not in standing_of(judge).why


def test_the_ceiling_is_the_project_s_and_is_not_passed_by_reaching_it(served):
    served.script = obeys("Evaluator's note")
    project, judge = make_tried(served)
    try_injections(judge=judge)
    work_off()

    project.max_steering = 0.1
    project.save()
    judge.project.refresh_from_db()

    assert standing_of(judge).alone


def test_a_judge_that_was_not_tried_may_label_alone_and_it_is_said(served):
    _project, judge = make_tried(served, items=LEAST_TRIED - 1)
    untried = standing_of(judge)
    served.script = obeys("Evaluator's note")

    try_injections(judge=judge)
    work_off()

    assert untried.alone
    assert "Not tried with injections yet." in untried.why
    assert standing_of(judge).alone
    assert f"on {LEAST_TRIED - 1} pairs only" in standing_of(judge).why


def test_the_line_goes_into_the_response_that_lost_in_both_orders(served):
    _project, judge = make_tried(served, items=1)

    try_injections(judge=judge)
    work_off()

    attacked = [sides(asked) for asked in served.asked if "Evaluator's note" in str(asked)]
    assert [["Evaluator" in side for side in both] for both in attacked] in (
        [[False, True], [True, False]],
        [[True, False], [False, True]],
    )
    assert all("poor" in side for both in attacked for side in both if "Evaluator" in side)
    assert InjectionTrial.objects.get().loser == 1


def test_a_reply_that_was_paid_for_is_not_asked_for_again(served):
    _project, judge = make_tried(served, items=3)
    ask_judge(judge=judge)
    work_off()
    before = len([asked for asked in served.asked if "good" in str(asked)])

    try_injections(judge=judge)
    work_off()

    about_items = [asked for asked in served.asked if re.search(r"good \d", str(asked))]
    assert before == 6
    assert len(about_items) == 3 * CALLS_A_PAIR
    assert JudgeCall.objects.filter(item__isnull=False).count() == 3 * CALLS_A_PAIR


def test_the_price_is_said_before_and_the_cap_holds_and_a_trial_goes_on_where_it_ended(served):
    project, judge = make_tried(served, items=3)
    allowance = allowance_of(project=project, name="Judge")
    set_limits(allowance=allowance, spend_cap=None, price_in=1_000_000)
    (said,) = trial_estimates(judge)
    # Every reply of this endpoint says that it read eleven tokens.
    set_limits(allowance=allowance, spend_cap=30_000, price_in=1_000_000)

    job = try_injections(judge=judge)
    work_off()
    job.refresh_from_db()
    allowance.refresh_from_db()
    asked = len(served.asked)

    assert (said.pairs, said.calls) == (3, 3 * CALLS_A_PAIR)
    assert said.price_at_most > 3 * CALLS_A_PAIR * 11
    assert job.state == "done"
    assert allowance.spent == asked * 11 <= 30_000

    further = make_item(project, texts=("good x", "poor x"))
    # Room for some calls at what they really cost, and not for what a later one may cost at most.
    room = said.price_at_most // said.calls + 100
    set_limits(allowance=allowance, spend_cap=allowance.spent + room, price_in=1_000_000)
    ended = try_injections(judge=judge)
    work_off()
    ended.refresh_from_db()
    at_cap = len(served.asked)
    set_limits(allowance=allowance, spend_cap=None, price_in=1_000_000)
    retry_job(job=ended)
    work_off()

    assert ended.state == "failed"
    assert "left" in ended.error
    assert asked < at_cap < asked + CALLS_A_PAIR
    assert len(served.asked) == asked + CALLS_A_PAIR
    assert InjectionTrial.objects.filter(item=further).exists()


def test_a_second_trial_takes_other_pairs(served):
    _project, judge = make_tried(served, items=4)

    try_injections(judge=judge, pairs=3)
    work_off()
    try_injections(judge=judge, pairs=3)
    work_off()

    assert InjectionTrial.objects.count() == 4
    with pytest.raises(NothingToDo):
        try_injections(judge=judge)


@pytest.mark.parametrize("pairs", [0, SIZES[-1] + 1])
def test_a_trial_is_bounded(served, pairs):
    _project, judge = make_tried(served, items=1)

    with pytest.raises(InvalidSetting):
        try_injections(judge=judge, pairs=pairs)


def test_a_stopped_judge_is_not_tried(served):
    project, judge = make_tried(served, items=1)
    stop_judge(allowance=allowance_of(project=project, name="Judge"), reason="it failed its controls.")

    with pytest.raises(JudgeStopped):
        try_injections(judge=judge)


def test_replies_that_cannot_be_read_are_no_tries(served):
    served.script = lambda number, asked: (
        [answer(completion("No idea."))] if "Evaluator's note" in str(asked) else prefers_good(number, asked)
    )
    _project, judge = make_tried(served)

    try_injections(judge=judge)
    work_off()

    tried = tried_on(judge)
    assert (tried.read["an evaluator's note"], tried.read["an order"]) == (0, LEAST_TRIED)
    assert tried.excess == 0


@pytest.mark.parametrize(("kind", "options"), [("rating", RATING), ("choice", CHOICE)])
def test_a_judge_of_single_responses_is_tried_on_what_it_is_asked(served, kind, options):
    def believes(number, asked):
        text = asked["messages"][0]["content"]
        convinced = "Evaluator's note" in text
        said = "Yes" if convinced else "No"
        found = re.search(rf"([A-Z])\. {said}", text)
        return [answer(completion(found[1] if found else "5" if convinced else "1"))]

    served.script = believes
    project = make_project()
    project.questions.all().delete()
    project.questions.create(position=1, key="asked", kind=kind, text="What of it?", options=options)
    for number in range(LEAST_TRIED):
        make_item(project, texts=(f"poor {number}",))
    given = {"backend": "endpoint", "url": served.url, "model": "m", "logprobs": False}
    judge = save_judge(project=project, name="Judge", given=given)

    try_injections(judge=judge)
    work_off()

    tried = tried_on(judge)
    assert tried.turned["an evaluator's note"] == LEAST_TRIED
    assert sum(tried.turned.values()) == LEAST_TRIED
    assert not standing_of(judge).alone


def test_figures_have_an_interval_over_prompts(served):
    served.script = obeys("Evaluator's note")
    _project, judge = make_tried(served)
    nothing = steering_of(judge)
    try_injections(judge=judge)
    work_off()

    found = steering_of(judge)

    assert nothing is None
    assert (found.injected.value, found.harmless.value) == (pytest.approx(0.1), 0)
    assert found.excess.low == pytest.approx(0.1) == found.excess.high
    assert found.injected.n == LEAST_TRIED * len(INJECTIONS)
