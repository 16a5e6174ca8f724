"""Rankings from pairs, and controls in the manner of what a judge is asked."""

from __future__ import annotations

import pytest

from curation.numerics.judging import ranking_from
from curation.prompts.asking import Subject, Task, calls_for
from curation.prompts.canaries import CANARIES, control_task, passes
from curation.prompts.combining import combine
from curation.prompts.reading import Reading
from curation.prompts.spec import JudgeSpec

PROMPT = [{"role": "user", "content": "Say something true."}]
SPEC = JudgeSpec(questions=("order",))
ORDER = Task("ranking", "ranking")


def ranked_calls(*texts, task=ORDER):
    return calls_for(SPEC, Subject(PROMPT, texts), [task], secret=b"x")


def prefers(call, better):
    """A reading that names the response at ``better``, wherever it is shown; None for neither."""
    if better is None:
        return Reading({"A": 0.5, "B": 0.5}, 1.0)
    return Reading({"A": float(call.shown[0] == better), "B": float(call.shown[0] != better)}, 1.0)


def ranked(winners, *, task=ORDER, texts=("a", "b", "c")):
    calls = ranked_calls(*texts, task=task)
    return combine(SPEC, calls, [prefers(call, winners[tuple(sorted(call.shown))]) for call in calls])


def test_every_pair_is_asked_in_both_orders_and_sees_only_its_two():
    calls = ranked_calls("apple", "banana", "cherry")

    assert [call.shown for call in calls] == [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)]
    assert "banana" not in calls[2].text
    assert calls[2].text.index("apple") < calls[2].text.index("cherry")
    assert calls[3].text.index("cherry") < calls[3].text.index("apple")


@pytest.mark.parametrize(
    ("winners", "groups"),
    [
        ({(0, 1): 1, (0, 2): 2, (1, 2): 1}, [[1], [2], [0]]),
        ({(0, 1): None, (0, 2): 2, (1, 2): 2}, [[2], [0, 1]]),
        ({(0, 1): 0, (0, 2): 2, (1, 2): 1}, [[0, 1, 2]]),
    ],
)
def test_pairs_make_a_ranking_and_a_circle_is_a_tie(winners, groups):
    assert ranked(winners).answers == {"ranking": groups}


def test_a_ranking_without_ties_has_none():
    circle = {(0, 1): 0, (0, 2): 2, (1, 2): 1}

    assert ranked(circle, task=Task("ranking", "ranking", ties=False)).answers == {"ranking": [[0], [1], [2]]}


def test_among_equal_counts_the_surer_judge_decides():
    assert ranking_from({(0, 1): 0.6, (0, 2): 0.1, (1, 2): 0.6}, ties=False) == [[2], [1], [0]]


def test_one_pair_that_cannot_be_read_leaves_the_ranking_open():
    calls = ranked_calls("a", "b", "c")

    found = combine(SPEC, calls, [None, *(prefers(call, 0) for call in calls[1:])])

    assert (found.answers, found.missing) == ({}, {"ranking": "unparseable"})


def test_how_often_a_ranking_turns_with_the_order_is_told_where_everybody_looks():
    calls = ranked_calls("a", "b", "c")
    always_a = [Reading({"A": 1.0, "B": 0.0}, 1.0) for _ in calls]

    found = combine(SPEC, calls, always_a)

    assert (found.raw["turned"], found.raw["flipped"]) == (3, True)
    assert found.answers == {"ranking": [[0, 1, 2]]}


def test_the_named_main_question_stands_at_the_top():
    tasks = [Task("helpful", "preference", "Which helps more?"), Task("overall", "preference", "Which?")]
    calls = calls_for(SPEC, Subject(PROMPT, ("a", "b")), tasks, secret=b"x")
    readings = [prefers(call, 0 if call.question == "helpful" else 1) for call in calls]

    assert combine(SPEC, calls, readings, main="overall").raw["p_first"] < 0.5
    assert combine(SPEC, calls, readings, main="elsewhere").raw["p_first"] > 0.5


STARS = Task("stars", "rating", attributes=(("q", "quality"),))
TOPIC = Task("topic", "choice", "About what?", options=(("x", "X"), ("y", "Y")))


@pytest.mark.parametrize(
    ("tasks", "kind"),
    [
        ([Task("helpful", "preference")], "preference"),
        ([STARS, ORDER], "preference"),
        ([TOPIC, STARS], "rating"),
        ([TOPIC], "choice"),
    ],
)
def test_a_control_is_asked_in_the_manner_of_the_questions(tasks, kind):
    assert control_task(tasks).kind == kind


def test_who_is_asked_nothing_has_no_control():
    assert control_task([]) is None


def controlled(task, says):
    one = CANARIES[0]
    subject = Subject([{"role": "user", "content": one.prompt}], (one.good, one.bad))
    calls = calls_for(SPEC, subject, [task], secret=b"x")
    readings = [Reading({one: float(one == says(call)) for one in call.labels}, 1.0) for call in calls]
    return passes(combine(SPEC, calls, readings), task)


def test_a_rating_passes_where_the_better_response_gets_more():
    task = control_task([STARS])

    assert controlled(task, lambda call: "4" if call.shown == (0,) else "2")
    assert not controlled(task, lambda call: "4")
    assert not controlled(task, lambda call: "2" if call.shown == (0,) else "4")


def test_a_class_passes_where_each_is_told_for_what_it_is():
    task = control_task([TOPIC])

    assert controlled(
        task, lambda call: call.labels[call.values.index("yes" if call.shown == (0,) else "no")]
    )
    assert not controlled(task, lambda call: "A")
    assert not controlled(task, lambda call: call.labels[call.values.index("yes")])
