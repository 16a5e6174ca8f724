"""Judges that are asked something else than which of two is better."""

from __future__ import annotations

import json
import re

import pytest

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Judgment
from annotate.services.allowances import allowance_of
from annotate.services.candidates import NewCandidate, add_candidates
from curation.enums import Pool
from curation.selectors.judging import items_for, judge_spec, standing_of
from curation.selectors.policies import current_policy
from curation.selectors.tables import TableSource, table_rows
from curation.services.calibrating import calibrate_judge
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.settling import settle_items
from tests.factories import make_answers, make_item, make_judge, make_project
from tests.workers.hostile_endpoint import HostileEndpoint, answer, completion
from workers.running import work_off

pytestmark = pytest.mark.django_db
GOOD = re.compile("good|is 4|Paris|buenos|seven|much larger|calm and grey|gives green|'went'")


def likes_good(number, asked):
    """Prefers, rates and classes by what is in a response; of two good ones it takes the first shown."""
    text = asked["messages"][0]["content"]
    if "Response A [" in text:
        first = text.split("Response A [")[1].split("Response B [")[0]
        return [answer(completion("A" if GOOD.search(first) else "B"))]
    body = text.split("Response", 1)[1]
    if "Rate this" in text:
        return [answer(completion("5" if GOOD.search(body) else "1"))]
    said = "Yes" if GOOD.search(body) else "No"
    return [answer(completion(re.search(rf"([A-Z])\. {said}", text)[1]))]


@pytest.fixture
def served():
    endpoint = HostileEndpoint(likes_good)
    yield endpoint
    endpoint.close()


def make_asked(served, kind, options, *, items=1, texts=("good one", "poor one")):
    project = make_project()
    project.questions.all().delete()
    project.questions.create(position=1, key="asked", kind=kind, text="What of it?", options=options)
    for _ in range(items):
        make_item(project, texts=texts)
    route_items(policy=make_policy(project=project, kind="everyone", human_budget=0))
    given = {
        "backend": "endpoint",
        "url": served.url,
        "model": "m",
        "logprobs": False,
        "questions": ["asked"],
    }
    return project, save_judge(project=project, name="Judge", given=given)


RATING = {"attributes": ["quality"], "na": True}
CHOICE = {"options": ["Yes", "No"], "per_candidate": True}


@pytest.mark.parametrize(
    ("kind", "options", "found"),
    [
        ("ranking", {}, [[0], [1]]),
        ("rating", RATING, {"0": {"quality": 5}, "1": {"quality": 1}}),
        ("choice", CHOICE, {"0": "Yes", "1": "No"}),
        ("preference", {}, -3),
    ],
)
def test_a_judge_answers_what_it_is_asked_after_its_controls(served, kind, options, found):
    project, judge = make_asked(served, kind, options)

    ask_judge(judge=judge)
    work_off()

    assert Judgment.objects.get(assignment__judge=judge).answers == {"asked": found}
    allowance = allowance_of(project=project, name="Judge")
    assert (allowance.canaries_asked, allowance.canaries_passed) == (2, 2)


@pytest.mark.parametrize(
    ("kind", "options", "found"),
    [("rating", RATING, {"0": {"quality": 5}}), ("choice", CHOICE, {"0": "Yes"})],
)
def test_a_judge_rates_and_classes_a_response_that_stands_alone(served, kind, options, found):
    _project, judge = make_asked(served, kind, options, texts=("good one",))

    ask_judge(judge=judge)
    work_off()

    assert Judgment.objects.get(assignment__judge=judge).answers == {"asked": found}


@pytest.mark.parametrize(
    ("given", "kind", "options", "word"),
    [
        ({"backend": "reward", "model": "tiny"}, "rating", RATING, "which response is better"),
        ({"backend": "strength"}, "ranking", {}, "trained on pairs"),
        ({"backend": "local"}, "text", {}, "no model is asked that yet"),
    ],
)
def test_a_question_that_a_judge_cannot_answer_is_refused_with_the_reason(given, kind, options, word):
    project = make_project()
    project.questions.create(position=2, key="asked", kind=kind, text="What of it?", options=options)

    with pytest.raises(InvalidSetting, match=word) as refused:
        save_judge(project=project, name="Judge", given=given | {"questions": ["preference", "asked"]})

    assert refused.value.field == "questions"
    assert judge_spec(save_judge(project=project, name="Judge", given=given)).questions == ("preference",)


@pytest.mark.parametrize("backend", ["reward", "strength"])
def test_who_compares_only_is_refused_where_nothing_is_compared(backend):
    project = make_project()
    project.questions.all().delete()
    project.questions.create(position=1, key="asked", kind="rating", text="How good?", options=RATING)

    with pytest.raises(InvalidSetting, match="none of the project's questions: .* better") as refused:
        save_judge(project=project, name="Judge", given={"backend": backend, "model": "tiny"})

    assert refused.value.field == "questions"


@pytest.mark.parametrize(("kind", "options"), [("ranking", {}), ("rating", RATING), ("choice", CHOICE)])
def test_a_judge_that_fails_its_controls_is_stopped_whatever_it_is_asked(served, kind, options):
    served.script = lambda number, asked: [answer(completion("A" if kind != "rating" else "3"))]
    project, judge = make_asked(served, kind, options, items=40)

    job = ask_judge(judge=judge)
    work_off()

    job.refresh_from_db()
    assert job.state == "failed"
    assert "control pairs" in allowance_of(project=project, name="Judge").stopped


def test_nine_candidates_are_ranked_by_their_pairs(served):
    texts = [f"poor {number}" for number in range(8)] + ["good"]
    _project, judge = make_asked(served, "ranking", {}, texts=texts)

    ask_judge(judge=judge)
    work_off()

    made = Judgment.objects.get(assignment__judge=judge)
    assert made.answers["asked"][0] == [8]
    assert len(made.raw["pairs"]) == 36


def test_a_ranking_judge_that_turns_with_the_order_may_not_label_alone(served):
    _project, judge = make_asked(served, "ranking", {}, items=24, texts=("poor", "poor too"))

    ask_judge(judge=judge)
    work_off()

    standing = standing_of(judge)
    assert (standing.pairs, standing.flips, standing.alone) == (24, 24, False)


def test_a_judge_is_measured_on_the_question_that_pairs_are_made_from(served):
    project, judge = make_asked(served, "preference", {}, items=24)
    person = make_judge(project)
    for item in project.items.all():
        make_answers(item, person, {"asked": -2})
    ask_judge(judge=judge)
    work_off()

    found = calibrate_judge(judge=judge)

    assert (found.question, found.n_pairs, found.figures["accuracy"]["value"]) == ("asked", 24, 1.0)


def make_mixed(served, *, texts=("good one",), **given):
    """A project that compares and rates, with one item of one response beside pairs."""
    project = make_project()
    project.questions.create(position=2, key="asked", kind="rating", text="How good?", options=RATING)
    make_item(project, texts=("good one", "poor one"))
    lone = make_item(project, texts=texts)
    route_items(policy=make_policy(project=project, kind="everyone", human_budget=0))
    given = {"backend": "endpoint", "url": served.url, "model": "m", "logprobs": False} | given
    return project, lone, save_judge(project=project, name="Judge", given=given)


def test_a_single_response_is_rated_where_others_are_compared(served):
    project, lone, judge = make_mixed(served)

    ask_judge(judge=judge)
    work_off()

    pair, single = Judgment.objects.filter(assignment__judge=judge).order_by("assignment__item_id")
    assert pair.answers == {"preference": -3, "asked": {"0": {"quality": 5}, "1": {"quality": 1}}}
    assert single.answers == {"asked": {"0": {"quality": 5}}}
    assert not lone.routes.exists()
    assert (lone.seats_wanted, single.assignment.seated) == (0, False)
    with pytest.raises(NothingToDo):
        ask_judge(judge=judge)


@pytest.mark.parametrize("given", [{"questions": ["preference"]}, {"backend": "reward", "model": "tiny"}])
def test_who_compares_only_is_not_asked_about_a_single_response(served, given):
    project, _lone, judge = make_mixed(served, **given)

    assert items_for(judge).count() == 1


def test_a_judge_that_may_not_label_alone_is_not_asked_about_what_no_person_sees(served):
    project, _lone, judge = make_mixed(served)
    for _ in range(20):
        item = make_item(project, texts=("one", "two"))
        make_answers(item, judge, {"preference": "tie"}, raw={"flipped": True}, only=["preference"])

    assert not standing_of(judge).alone
    assert not items_for(judge).exists()


def test_a_rated_response_that_gets_company_is_compared_and_paid_for_once(served):
    project, lone, judge = make_mixed(served)
    ask_judge(judge=judge)
    work_off()
    asked = len(served.asked)

    add_candidates(item=lone, made=[NewCandidate("poor one", "a model", "", {}, None, 0)])
    route_items(policy=current_policy(project=project))
    ask_judge(judge=judge)
    work_off()

    first, second = Judgment.objects.filter(assignment__item=lone).order_by("revision")
    assert (first.state, second.state) == ("replaced", "current")
    assert second.answers == {"preference": -3, "asked": {"0": {"quality": 5}, "1": {"quality": 1}}}
    assert second.shown_order == [0, 1]
    # Two control pairs in both orders, the pair in both orders, and the rating of the new response alone.
    assert len(served.asked) - asked == 4 + 2 + 1


def test_what_models_say_of_a_single_response_is_settled_and_released_with_others(served):
    project, lone, judge = make_mixed(served)
    ask_judge(judge=judge)
    work_off()

    settle_items(project=project)
    estimate = lone.estimates.get(pool="models")
    source = TableSource(project, Pool.MODELS, estimate.method)
    rows = {row["id"]: row for page in table_rows(source) for row in page}

    assert estimate.verdict == "undecided"
    assert json.loads(rows[lone.external_id]["ratings"])["quality"] == [5.0]
    assert len(rows) == 2
