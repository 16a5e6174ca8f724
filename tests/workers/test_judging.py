"""Model judges from the page to the row: a scripted endpoint, every promise about money, and the way back."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.errors import InvalidSetting, JudgeStopped, NothingToDo
from annotate.models import Allowance, Job, JudgeCall, Judgment
from annotate.services.allowances import allowance_of, set_limits
from annotate.services.jobs import retry_job
from curation.selectors.judging import standing_of, why_no_model_alone
from curation.services.calibrating import calibrate_judge, drift_of
from curation.services.judging import ask_judge, estimate, save_judge
from curation.services.routing import make_policy, route_items
from tests.factories import make_item, make_judge, make_judgment, make_project
from tests.workers.hostile_endpoint import HostileEndpoint, answer, completion
from workers import judging
from workers.running import run_next, work_off

pytestmark = pytest.mark.django_db
# Due at once: SQLite tells its own time in milliseconds, and what is due within this one is not due yet.
PAST = timedelta(seconds=-1)


def sides(asked):
    """The two responses in the order shown, as the endpoint read them."""
    text = asked["messages"][0]["content"]
    fence = re.search(r"\[[0-9a-f]{8}\]", text)[0]
    first, second = text.split(f"Response A {fence}:\n")[1].split(f"Response B {fence}:\n")
    return [first, second.split(fence)[0]]


def prefers_good(number, asked, **more):
    """A judge without bias: the response with "good" in it, or what is true of the control pairs."""
    first, second = sides(asked)
    good = re.compile("good|is 4|Paris|buenos|seven|much larger|calm and grey|gives green|'went'")
    return [answer(completion("A" if good.search(first) else "B", **more))]


def always_a(number, asked):
    return [answer(completion("A"))]


@pytest.fixture
def served():
    endpoint = HostileEndpoint(prefers_good)
    yield endpoint
    endpoint.close()


def make_judged(served, *, items=3, budget=None, project=None, **more):
    project = project or make_project()
    for number in range(items):
        make_item(
            project,
            texts=(f"good {number}", f"poor {number}")
            if number % 2
            else (f"poor {number}", f"good {number}"),
        )
    route_items(policy=make_policy(project=project, kind="everyone", human_budget=budget))
    given = {"backend": "endpoint", "url": served.url, "model": "m", "logprobs": False} | more
    return project, save_judge(project=project, name="Judge", given=given)


def preferences(judge):
    rows = Judgment.objects.filter(assignment__judge=judge, state="current").order_by("assignment__item_id")
    return [row.answers["preference"] for row in rows]


def test_a_judge_at_an_endpoint_answers_in_both_orders(served):
    _project, judge = make_judged(served)

    ask_judge(judge=judge)
    work_off()

    assert preferences(judge) == [3, -3, 3]
    raw = Judgment.objects.filter(assignment__judge=judge).first().raw
    assert (raw["p_first_shown"], raw["flipped"]) == ([0.0, 1.0], False)
    calls = JudgeCall.objects.filter(judge=judge, item__isnull=False)
    assert calls.count() == 6
    assert {call.state for call in calls} == {"answered"}
    assert {call.reply for call in calls} == {"A", "B"}
    assert {(call.tokens_in, call.tokens_out) for call in calls} == {(11, 2)}
    assert JudgeCall.objects.filter(judge=judge, item=None).count() == 4


def test_a_judge_that_likes_a_place_ties_and_may_not_label_alone(served):
    served.script = always_a
    project, judge = make_judged(served, items=24)
    allowance_of(project=project, name="Judge")

    job = ask_judge(judge=judge)
    # Its control pairs would stop it first; this judge gets past them.
    served.script = lambda number, asked: (
        always_a(number, asked) if "prompt " in str(asked) else prefers_good(number, asked)
    )
    work_off()

    job.refresh_from_db()
    standing = standing_of(judge)
    assert job.state == "done", job.error
    assert set(preferences(judge)) == {"tie"}
    assert (standing.pairs, standing.flips, standing.alone) == (24, 24, False)
    assert "24 of 24" in standing.why
    with pytest.raises(InvalidSetting, match="may not label alone"):
        route_items(policy=make_policy(project=project, kind="random", human_budget=5))
    assert "Judge" in why_no_model_alone(project)
    route_items(policy=make_policy(project=project, kind="everyone"))


def test_the_same_items_are_not_paid_for_twice_by_another_version(served):
    project, judge = make_judged(served)
    ask_judge(judge=judge)
    work_off()
    before = len(served.asked)
    other = save_judge(project=project, name="Judge", given=judge.settings["spec"] | {"tie_band": 0.2})

    ask_judge(judge=other)
    work_off()

    assert (other.version[:3], judge.version[:3]) == ("v2-", "v1-")
    assert len(served.asked) == before + 4  # the control pairs alone are asked anew
    assert preferences(other) == preferences(judge)


def test_a_crash_between_two_items_pays_for_nothing_again(served, monkeypatch):
    _project, judge = make_judged(served, items=6)
    ask_judge(judge=judge)
    calls = []

    def dies(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the worker is gone")
        return recorded(*args, **more)

    recorded = judging._record
    monkeypatch.setattr(judging, "_record", dies)
    monkeypatch.setattr("workers.running.FAULT_WAIT", PAST)
    work_off()

    assert len(preferences(judge)) == 6
    assert len(served.asked) == 6 * 2 + 4
    assert len({json.dumps(body, sort_keys=True) for body in served.asked}) == len(served.asked)


def test_the_spend_cap_ends_the_job_and_raising_it_goes_on(served):
    served.script = lambda number, asked: prefers_good(number, asked, usage=(300, 2))
    project, judge = make_judged(served, items=4)
    allowance = allowance_of(project=project, name="Judge")
    set_limits(allowance=allowance, spend_cap=2_500, price_in=1_000_000, price_out=0)

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    allowance.refresh_from_db()
    assert job.state == "failed"
    assert "left" in job.error
    assert allowance.spent + allowance.reserved <= 2_500
    assert (
        allowance.spent == sum(JudgeCall.objects.values_list("price", flat=True)) == 300 * len(served.asked)
    )
    set_limits(allowance=allowance, spend_cap=None, price_in=1_000_000)
    retry_job(job=job)
    work_off()
    assert len(preferences(judge)) == 4
    assert len(served.asked) == 4 * 2 + 4


def test_a_cap_that_holds_no_call_asks_nothing(served):
    project, judge = make_judged(served)
    set_limits(allowance=allowance_of(project=project, name="Judge"), spend_cap=5, price_in=1_000_000)

    ask_judge(judge=judge)
    work_off()

    assert served.asked == []
    assert Allowance.objects.get(project=project, name="Judge").spent == 0


def test_the_breaker_opens_after_five_failures_and_the_job_waits(served):
    served.script = lambda number, asked: [answer(b"", 500)]
    _project, judge = make_judged(served)
    job = ask_judge(judge=judge)

    # How many calls are under way when the first one fails is the threads' affair, so the job is tried until
    # it rests.
    for _ in range(8):
        Job.objects.filter(parent=job).update(due_at=timezone.now() + PAST)
        run_next(holder="a worker", queues=["judge"])
        chunk = job.chunks.get()
        if "rests" in chunk.error:
            break

    assert chunk.state == "waiting"
    assert len(served.asked) < 2 * 5
    assert Allowance.objects.get(name="Judge").failures >= 5
    assert "rests" in chunk.error


def test_a_judge_that_fails_its_control_pairs_is_stopped_with_a_reason(served):
    served.script = lambda number, asked: [answer(completion("I would rather not say."))]
    project, judge = make_judged(served, items=40)

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    allowance = Allowance.objects.get(project=project, name="Judge")
    assert job.state == "failed"
    assert "0 of 4 control pairs" in allowance.stopped
    with pytest.raises(JudgeStopped):
        ask_judge(judge=judge)


def test_replies_that_say_nothing_are_missing_and_paid(served):
    served.script = lambda number, asked: (
        prefers_good(number, asked) if "poor 0" not in str(asked) else [answer(completion("N/A"))]
    )
    _project, judge = make_judged(served)

    ask_judge(judge=judge)
    work_off()

    assert preferences(judge) == [-3, 3]
    missing = Judgment.objects.get(assignment__judge=judge, state="unparseable")
    assert missing.answers == {}
    assert missing.raw["missing"] == {"preference": "unparseable"}
    assert set(JudgeCall.objects.filter(item=missing.assignment.item).values_list("reply", flat=True)) == {
        "N/A"
    }


def test_log_probabilities_are_read_and_kept(served):
    def soft(number, asked):
        first = bool(re.search("good|is 4|Paris|buenos|seven|much larger|calm|green|'went'", sides(asked)[0]))
        return [
            answer(completion("A", logprobs={"A": -0.2, "B": -1.8} if first else {" B": -0.3, "A": -1.5}))
        ]

    served.script = soft
    _project, judge = make_judged(served, logprobs=True)

    ask_judge(judge=judge)
    work_off()

    assert preferences(judge) == [2, -2, 2]
    assert JudgeCall.objects.filter(item__isnull=False).first().reading["logprobs"]


def test_what_it_will_cost_is_said_before(served):
    project, judge = make_judged(served, items=5)
    set_limits(allowance=allowance_of(project=project, name="Judge"), spend_cap=10**9, price_in=1_000_000)

    said = estimate(judge=judge)
    ask_judge(judge=judge)
    work_off()

    assert (said.items, said.calls, said.left) == (5, 10, 10**9)
    assert said.price_at_most >= Allowance.objects.get(name="Judge").spent - 4 * 11
    assert served.asked


def test_an_item_without_a_route_is_not_asked_about(served):
    project = make_project()
    make_item(project)
    judge = save_judge(project=project, name="Judge", given={"backend": "local"})

    with pytest.raises(NothingToDo, match="routed"):
        ask_judge(judge=judge)


def test_a_judge_is_measured_against_people_on_what_both_answered(served):
    project, judge = make_judged(served, items=30)
    people = [make_judge(project) for _ in range(3)]
    for number, item in enumerate(project.items.order_by("pk")):
        right = -2 if number % 2 else 2
        for person in people:
            make_judgment(item, person, -right if number == 7 else right)
    ask_judge(judge=judge)
    work_off()

    found = calibrate_judge(judge=judge)

    assert (found.n_pairs, found.figures["accuracy"]["value"]) == (30, 29 / 30)
    assert found.figures["human_agreement"]["value"] == 1.0
    assert found.figures["flip_rate"]["value"] == 0
    assert calibrate_judge(judge=judge) == found
    assert drift_of(judge).drifted is False


def test_ratings_and_choices_are_answered_too(served):
    def scripted(number, asked):
        text = asked["messages"][0]["content"]
        if "Rate this" in text:
            return [answer(completion("4" if "good" in text else "N"))]
        if "Question: About what?" in text:
            return [answer(completion("A" if "A. Ships" in text else "B"))]
        return prefers_good(number, asked)

    served.script = scripted
    project = make_project()
    ask = project.questions.create
    ask(
        position=2,
        key="stars",
        kind="rating",
        text="How good?",
        options={"attributes": ["quality"], "na": True},
    )
    ask(position=3, key="topic", kind="choice", text="About what?", options={"options": ["Ships", "Shoes"]})
    _project, judge = make_judged(
        served, items=1, project=project, questions=["preference", "stars", "topic"], aspects=["honesty"]
    )

    ask_judge(judge=judge)
    work_off()

    made = Judgment.objects.get(assignment__judge=judge)
    assert made.answers == {
        "preference": 3,
        "stars": {"0": {"quality": None}, "1": {"quality": 4}},
        "topic": "Ships",
    }
    assert made.raw["aspects"]["ratings"] == {"0": {"honesty": None}, "1": {"honesty": 4}}
