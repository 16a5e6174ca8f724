from __future__ import annotations

import pytest

from annotate.errors import InvalidAnswer
from annotate.models import Assignment, Judge, Judgment
from annotate.readers.rows import JudgmentRow
from annotate.services.importing import import_items
from annotate.services.recorded import Replay
from tests.factories import item_line, make_project, write_lines

pytestmark = pytest.mark.django_db


def replay(tmp_path, project, *judgments, name="items.jsonl"):
    path = write_lines(tmp_path / name, [item_line(0, judgments=list(judgments))])
    return import_items(project=project, path=path)


def test_recorded_judgments_are_judgments_of_recorded_judges(tmp_path):
    report = replay(
        tmp_path,
        make_project(),
        {"judge": "ann", "kind": "person", "answers": {"preference": -3}, "seconds": 9.5},
        {"judge": "a-model", "kind": "model", "answers": {"preference": "tie"}},
    )

    assert report.judgments == {"person": 1, "model": 1, "unparseable": 0}
    told = Judgment.objects.order_by("pk").values_list(
        "assignment__judge__name", "assignment__judge__recorded", "answers__preference", "seconds"
    )
    assert list(told) == [("ann", True, -3, 9.5), ("a-model", True, "tie", None)]
    assert set(Assignment.objects.values_list("state", "seated")) == {("done", False)}


def test_recorded_judgments_take_no_seat_from_people(tmp_path):
    project = make_project()
    replay(tmp_path, project, {"judge": "ann", "kind": "person", "answers": {"preference": 1}})

    assert project.items.get().seats_taken == 0


def test_a_zero_is_replayed_as_a_tie(tmp_path):
    replay(tmp_path, make_project(), {"judge": "ann", "kind": "person", "answers": {"preference": 0}})

    assert Judgment.objects.get().answers == {"preference": "tie"}


def test_the_order_that_was_shown_is_kept(tmp_path):
    replay(
        tmp_path,
        make_project(),
        {"judge": "ann", "kind": "person", "answers": {"preference": 2}, "order": [1, 0]},
    )

    made = Judgment.objects.get()
    assert (made.shown_order, made.answers) == ([1, 0], {"preference": 2})


def test_answers_to_questions_nobody_asks_are_kept_beside_the_judgment(tmp_path):
    replay(
        tmp_path,
        make_project(),
        {"judge": "ann", "kind": "person", "answers": {"preference": 1, "mood": "fine"}},
    )

    made = Judgment.objects.get()
    assert made.answers == {"preference": 1}
    assert made.raw["other_answers"] == {"mood": "fine"}


def test_a_file_with_one_more_judge_adds_that_one(tmp_path):
    project = make_project()
    ann = {"judge": "ann", "kind": "person", "answers": {"preference": 1}}
    bob = {"judge": "bob", "kind": "person", "answers": {"preference": 2}}
    replay(tmp_path, project, ann)

    report = replay(tmp_path, project, ann, bob, name="more.jsonl")

    assert report.judgments["person"] == 1
    assert (Judge.objects.count(), Judgment.objects.count()) == (2, 2)


def test_people_who_differ_leave_a_doubt_and_those_who_came_later_are_heard(tmp_path):
    project = make_project()
    ann = {"judge": "ann", "kind": "person", "answers": {"preference": -3}}
    bob = {"judge": "bob", "kind": "person", "answers": {"preference": 3}}
    replay(tmp_path, project, ann)
    alone = project.items.get().doubt
    replay(tmp_path, project, ann, bob, name="more.jsonl")

    assert alone == 0
    assert project.items.get().doubt > 0


def test_an_answer_that_the_project_no_longer_takes_undoes_the_whole_import(tmp_path):
    project = make_project()
    row = JudgmentRow(judge="ann", kind="person", answers={"preference": 99}, unparseable=False)
    replay(tmp_path, project)
    item = project.items.get()

    with pytest.raises(InvalidAnswer) as refused:
        Replay(project).judgments_on([(item, [row])])
    assert refused.value.message.startswith(f"item {item.external_id}, judge ann: ")
    assert Assignment.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 30])
def test_judgments_cost_the_same_for_any_number_of_rows(tmp_path, rows, django_assert_num_queries):
    project = make_project()
    import_items(
        project=project, path=write_lines(tmp_path / "bare.jsonl", [item_line(n) for n in range(rows)])
    )
    said = JudgmentRow(judge="ann", kind="person", answers={"preference": 1}, unparseable=False)
    given = [(item, [said]) for item in project.items.order_by("pk")]
    replay = Replay(project)
    replay.judge_of(said)

    with django_assert_num_queries(9):
        counts = replay.judgments_on(given)
    assert counts == {"person": rows}
    assert Judgment.objects.filter(state="current", assignment__state="done").count() == rows
