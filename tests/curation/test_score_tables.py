"""Tables of scores from elsewhere: taken whole or not at all, and joined to preference strength."""

from __future__ import annotations

import gzip
import json

import pytest
from django.core.management import call_command

from annotate.errors import ImportRefused, InvalidSetting, NothingToDo
from curation.models import LatestScore, Score, ScoreList
from curation.selectors.scores import scored_rows
from curation.services.score_tables import keep_score_table
from curation.services.scoring import score_items
from curation.services.settling import settle_items
from tests.factories import make_item, make_judge, make_judgment, write_lines
from workers.running import work_off

pytestmark = pytest.mark.django_db

# A row of the published data set: ten reward models on either side (Wang et al., arXiv 2401.06080).
REJECTED = [3.546875, 0.9921875, 2.125, -0.330078125, 1.171875, 1.2578125, 1.078125, 1.0546875, 3.546875,
            2.265625]  # fmt: skip
CHOSEN = [3.71875, 0.58984375, 3.390625, 0.006805419921875, -0.6953125, 1.0390625, 1.4140625, 0.8359375,
          3.078125, 2]  # fmt: skip


@pytest.fixture
def pair(project):
    return make_item(project, external_id="q1")


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def keep(project, path):
    return keep_score_table(project=project, path=path, name=path.name)


WIDE = "id,candidate,rm_a,rm_b\nq1,0,1.25,0.4\nq1,1,-0.5,\n"


def test_a_wide_table_gives_a_list_for_each_of_its_columns(project, pair, tmp_path):
    report = keep(project, write(tmp_path, "scores.csv", WIDE.replace("-0.5,", "-0.5,0.1")))

    found = {one.parameters["model"]: one for one in Score.objects.all()}
    assert report.scorers == {"rm_a": 1, "rm_b": 1}
    assert found["rm_a"].value == 1.75
    assert found["rm_a"].details == {"first": 1.25, "second": -0.5}
    assert found["rm_b"].value == pytest.approx(0.3)
    assert list(ScoreList.objects.values_list("name", "file_name")) == [
        ("rm_a", "scores.csv"),
        ("rm_b", "scores.csv"),
    ]


LONG = [
    {"id": "q1", "candidate": 0, "scorer": "rm", "score": 2},
    {"id": "q1", "candidate": 1, "scorer": "rm", "score": 0.5},
]


def as_parquet(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(LONG), path)
    return path


@pytest.mark.parametrize("shape", ["jsonl", "jsonl.gz", "json", "csv", "parquet"])
def test_every_file_type_gives_the_same_scores(project, pair, tmp_path, shape):
    path = tmp_path / f"scores.{shape}"
    lines = "".join(json.dumps(row) + "\n" for row in LONG)
    if shape == "parquet":
        as_parquet(path)
    elif shape == "jsonl.gz":
        path.write_bytes(gzip.compress(lines.encode()))
    elif shape == "csv":
        path.write_text("id,candidate,scorer,score\nq1,0,rm,2\nq1,1,rm,0.5\n")
    else:
        path.write_text(json.dumps(LONG) if shape == "json" else lines)

    keep(project, path)

    assert Score.objects.get().value == 1.5


def refused(project, tmp_path, text, name="scores.csv"):
    with pytest.raises(ImportRefused) as caught:
        keep(project, write(tmp_path, name, text))
    assert not Score.objects.exists()
    assert not ScoreList.objects.exists()
    return caught.value.defects


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("q9,0,1,1", "unknown_id", "id"),
        ("q1,2,1,1", "bad_candidate", "candidate"),
        ("q1,first,1,1", "bad_candidate", "candidate"),
        ("q1,-1,1,1", "bad_candidate", "candidate"),
        ("q1,,1,1", "bad_candidate", "candidate"),
        ("q1,1,one,1", "bad_number", "rm_a"),
        ("q1,1,nan,1", "bad_number", "rm_a"),
        ("q1,1,1e999,1", "bad_number", "rm_a"),
        ("q1,1,1_0,1", "bad_number", "rm_a"),
        ("q1,0,5,5", "duplicate", "rm_a"),
        (",1,1,1", "blank", "id"),
        ("q1,1,1,1,1", "ragged", None),
    ],
)
def test_a_wrong_row_refuses_the_file_with_its_line_its_field_and_what_to_do(
    project, pair, tmp_path, row, code, field
):
    (defect,) = refused(project, tmp_path, f"id,candidate,rm_a,rm_b\nq1,0,1,1\n{row}\n")

    assert (defect["line"], defect["code"], defect["field"]) == (3, code, field)
    assert defect["cure"]


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", "no_rows", None),
        ("id,candidate\nq1,0\n", "missing_field", None),
        ("id,candidate,rm_a,note\nq1,0,1,\nq1,1,2,\n", "missing_field", "note"),
        ('{"id": "q1", "first_scores": [1, 2], "second_scores": [1]}\n', "ragged", "second_scores"),
        ('{"id": "q1", "first_scores": [1], "second_scores": [NaN]}\n', "bad_number", "second_scores[0]"),
        ('{"id": "q1", "first_scores": [1]}\n', "missing_field", "second_scores"),
        ('{"id": "q1", "candidate": true, "rm": 1}\n', "bad_candidate", "candidate"),
        ('{"id": "q1", "candidate": 0, "rm": {"a": 1}}\n', "bad_number", "rm"),
    ],
)
def test_a_table_that_says_too_little_or_too_much_is_refused(project, pair, tmp_path, text, code, field):
    name = "scores.jsonl" if text.startswith("{") else "scores.csv"

    defect = refused(project, tmp_path, text, name)[0]

    assert (defect["code"], defect["field"]) == (code, field)


def test_the_same_file_again_makes_nothing_twice_and_a_changed_one_adds(project, pair, tmp_path):
    first = write(tmp_path, "one.jsonl", "".join(json.dumps(row) + "\n" for row in LONG))
    changed = write_lines(tmp_path / "two.jsonl", [LONG[0], LONG[1] | {"score": 1.5}])

    for path in (first, first, changed):
        keep(project, path)

    assert list(Score.objects.order_by("pk").values_list("value", flat=True)) == [1.5, 0.5]
    assert LatestScore.objects.get().value == 0.5


def test_a_score_of_one_side_alone_is_kept_with_a_flag_and_no_value(project, pair, tmp_path):
    other = make_item(project, external_id="q2")
    report = keep(project, write(tmp_path, "s.csv", "id,candidate,rm\nq1,0,1\nq1,1,2\nq2,1,3\n"))

    score = Score.objects.get(item=other)
    assert (score.value, score.details, score.flags) == (None, {"first": None, "second": 3.0}, ["one_side"])
    assert report.one_sided == 1


def test_items_without_a_pair_and_further_candidates_are_counted_and_left_out(project, tmp_path):
    make_item(project, external_id="three", texts=("a", "b", "c"))
    make_item(project, external_id="alone", texts=("a",))
    rows = "three,0,1\nthree,1,2\nthree,2,3\nalone,0,1\n"

    report = keep(project, write(tmp_path, "s.csv", f"id,candidate,rm\n{rows}"))

    assert (report.scorers, report.beyond, report.no_pair) == ({"rm": 1}, 1, 1)


@pytest.fixture
def judged(project):
    """The published row, its rejected response stored first; beside it a pair that all models agree on."""
    judge = make_judge(project)
    published = make_item(project, external_id="q1", texts=("rejected", "chosen"))
    plain = make_item(project, external_id="q2", texts=("good", "bad"))
    make_judgment(published, judge, 2)
    make_judgment(plain, judge, -2)
    settle_items(project=project)
    return published, plain


def lists_file(tmp_path):
    rows = [
        {"id": "q1", "first_scores": REJECTED, "second_scores": CHOSEN},
        {"id": "q2", "first_scores": [2.0] * 10, "second_scores": [1.0] * 9 + [0.0]},
    ]
    return write_lines(tmp_path / "lists.jsonl", rows)


def test_the_published_score_lists_give_the_published_strength(project, judged, tmp_path):
    keep(project, lists_file(tmp_path))
    score_items(project=project, scorer="strength", parameters={"from_lists": True})
    work_off()

    score = Score.objects.get(scorer="strength", item=judged[0])
    rows = {row["id"]: row for row in scored_rows(project, scorers=["strength", "uploaded"])}
    assert score.value == pytest.approx(-0.1331085205, abs=1e-6)
    assert score.details["spread"] == pytest.approx(0.7559609369, abs=1e-6)
    assert (score.details["votes"], score.details["flip"], score.revision) == (10, False, "lists-1")
    assert rows["q2"]["strength"] == pytest.approx(1.1)
    assert rows["q1"]["uploaded"] == pytest.approx(CHOSEN[-1] - REJECTED[-1])
    with pytest.raises(NothingToDo):
        score_items(project=project, scorer="strength", parameters={"from_lists": True})


def test_one_scale_keeps_a_loud_model_from_outvoting_the_others(project, judged, tmp_path):
    rows = [
        {"id": "q1", "first_scores": [1.0, 1.0, 0.0], "second_scores": [0.0, 0.0, 500.0]},
        {"id": "q2", "first_scores": [1.0, 1.0, 500.0], "second_scores": [0.0, 0.0, 0.0]},
    ]
    keep(project, write_lines(tmp_path / "loud.jsonl", rows))
    means = {}
    for one_scale in (False, True):
        asked = {"from_lists": True, "one_scale": one_scale}
        score_items(project=project, scorer="strength", parameters=asked)
        work_off()
        means[one_scale] = Score.objects.filter(scorer="strength", item=judged[0]).last().value

    assert means[False] == pytest.approx(498 / 3, abs=1e-4)
    assert means[True] == pytest.approx(-1 / 3, abs=1e-4)


def test_strength_of_lists_needs_two(project, judged, tmp_path):
    keep(project, write(tmp_path, "s.csv", "id,candidate,rm\nq1,0,1\nq1,1,2\n"))

    with pytest.raises(InvalidSetting, match="two reward models or more; there are 1"):
        score_items(project=project, scorer="strength", parameters={"from_lists": True})


def test_uploaded_scores_cannot_be_asked_for(project, pair):
    with pytest.raises(InvalidSetting, match="come from outside"):
        score_items(project=project, scorer="uploaded")


def test_the_command_takes_a_table_or_says_what_is_wrong(project, pair, tmp_path, capsys):
    good = write(tmp_path, "s.csv", "id,candidate,rm\nq1,0,1\nq1,1,2\n")
    bad = write(tmp_path, "t.csv", "id,candidate,rm\nq1,0,1\nq1,5,2\n")

    call_command("score_table", project.slug, str(good), "--json")
    assert json.loads(capsys.readouterr().out)["scorers"] == {"rm": 1}
    with pytest.raises(SystemExit):
        call_command("score_table", project.slug, str(bad), "--json")
    assert json.loads(capsys.readouterr().out)["defects"][0]["line"] == 3
