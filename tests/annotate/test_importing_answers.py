"""Judgments of every kind come in by a file, held to the same questions as the desk's."""

from __future__ import annotations

import pytest

from annotate.enums import ImportMode
from annotate.errors import ImportRefused
from annotate.keys import text_key
from annotate.models import Judge, Judgment, QuarantinedRow, Question
from annotate.services.importing import import_items
from tests.factories import ask_preset, item_line, make_project, write_lines

pytestmark = pytest.mark.django_db

KINDS = {
    "ranking": ("ranking", {}),
    "scores": ("rating", {"attributes": ["help"], "low": 0, "high": 4}),
    "labels": ("choice", {"options": ["a", "b"], "multiple": True}),
    "critique": ("text", {"per_candidate": True}),
    "spans": ("spans", {"labels": ["odd"]}),
}
GOOD = {
    "preference": -2,
    "ranking": [[1], [0]],
    "scores": {"0": {"help": 4}, "1": {"help": 0}},
    "labels": ["a", "b"],
    "critique": {"1": "Too short."},
    "spans": [{"candidate": 0, "start": 0, "end": 5, "label": "odd", "severity": None}],
}


@pytest.fixture
def asking(project):
    for place, (key, (kind, options)) in enumerate(KINDS.items(), start=2):
        Question.objects.create(
            project=project, position=place, key=key, kind=kind, text=key, options=options, required=False
        )
    return project


def judged(number, answers, **fields):
    return item_line(number, judgments=[{"judge": "ann", "kind": "person", "answers": answers} | fields])


def test_every_kind_is_stored_about_the_candidates_as_stored(tmp_path, asking):
    path = write_lines(tmp_path / "f.jsonl", [judged(1, GOOD, order=[1, 0])])

    import_items(project=asking, path=path)

    stored = Judgment.objects.get().answers
    (span,) = GOOD["spans"]
    assert stored == GOOD | {"spans": [span | {"text_hash": text_key("first 1")}]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ranking": [[0]]}, "ranking"),
        ({"ranking": "second"}, "ranking"),
        ({"scores": {"0": {"help": 4}, "1": {"help": 9}}}, "scores.1.help"),
        ({"scores": {"2": {"help": 4}}}, "scores.2"),
        ({"labels": ["c"]}, "labels"),
        ({"critique": {"0": 7}}, "critique.0"),
        ({"spans": [{"candidate": 0, "start": 0, "end": 99, "label": "odd"}]}, "spans[0].start"),
    ],
)
def test_an_answer_that_fits_no_question_is_named_by_line_and_field(tmp_path, asking, change, field):
    path = write_lines(tmp_path / "f.jsonl", [judged(1, GOOD), judged(2, GOOD | change)])

    with pytest.raises(ImportRefused) as refused:
        import_items(project=asking, path=path)

    (defect,) = refused.value.defects
    assert (defect["line"], defect["code"]) == (2, "bad_answer")
    assert defect["field"] == f"judgments[0].answers.{field}"
    assert defect["cure"]
    assert asking.items.count() == 0


def test_a_lenient_import_sets_the_row_aside(tmp_path, asking):
    path = write_lines(tmp_path / "f.jsonl", [judged(1, GOOD), judged(2, GOOD | {"labels": ["c"]})])

    report = import_items(project=asking, path=path, mode=ImportMode.LENIENT)

    assert (report.items, report.quarantined) == (1, 1)
    assert QuarantinedRow.objects.get().field == "judgments[0].answers.labels"


def test_a_person_must_answer_what_is_required_and_a_model_need_not(tmp_path):
    project = ask_preset(make_project(), "helpsteer2-preference")
    model = {"judge": "m", "kind": "model", "answers": {"preference": 1}}
    good = write_lines(tmp_path / "good.jsonl", [item_line(1, judgments=[model])])
    bad = write_lines(tmp_path / "bad.jsonl", [item_line(2, judgments=[model | {"kind": "person"}])])

    assert import_items(project=project, path=good).judgments["model"] == 1
    with pytest.raises(ImportRefused) as refused:
        import_items(project=project, path=bad)
    assert refused.value.defects[0]["field"] == "judgments[0].answers.justification"


@pytest.mark.parametrize(
    ("levels", "given", "kept"), [(3, 3, True), (3, 4, False), (2, 3, False), (1, -1, True)]
)
def test_a_strength_goes_as_far_as_the_question_of_the_project(tmp_path, project, levels, given, kept):
    project.questions.filter(key="preference").update(options={"levels": levels})
    path = write_lines(tmp_path / "f.jsonl", [judged(1, {"preference": given})])

    if kept:
        import_items(project=project, path=path)
        assert Judgment.objects.get().answers["preference"] == given
    else:
        with pytest.raises(ImportRefused) as refused:
            import_items(project=project, path=path)
        (defect,) = refused.value.defects
        assert defect["field"] == "judgments[0].answers.preference"
        assert f"from -{levels} to {levels}" in defect["cure"]


def test_a_scale_that_is_not_asked_about_is_kept_beside_the_judgment(tmp_path):
    project = ask_preset(make_project(), "kto")
    said = {"thumbs": {"0": "up", "1": "down"}, "preference": 7}

    import_items(project=project, path=write_lines(tmp_path / "f.jsonl", [judged(1, said)]))

    made = Judgment.objects.get()
    assert made.answers == {"thumbs": {"0": "up", "1": "down"}}
    assert made.raw["other_answers"] == {"preference": 7}


def test_what_a_file_says_that_judges_know_is_kept_and_added_to(tmp_path, project):
    for number, knows in enumerate((["Law"], None, ["chemistry", "law"]), start=1):
        row = judged(number, {"preference": 1}, expertise=knows)
        import_items(project=project, path=write_lines(tmp_path / f"{number}.jsonl", [row]))

    assert Judge.objects.get(recorded=True).expertise == ["chemistry", "law"]


@pytest.mark.parametrize("knows", ["law", [3], [""], ["x" * 61]])
def test_what_is_no_list_of_short_tags_is_refused(tmp_path, project, knows):
    path = write_lines(tmp_path / "f.jsonl", [judged(1, {"preference": 1}, expertise=knows)])

    with pytest.raises(ImportRefused) as refused:
        import_items(project=project, path=path)
    assert refused.value.defects[0]["field"] == "judgments[0].expertise"
