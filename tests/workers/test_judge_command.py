"""Model judges from a terminal: on a file without judgments, and on a project."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotate.models import Judgment
from tests.factories import item_line, make_item, make_project, write_lines
from tests.workers.hostile_endpoint import HostileEndpoint
from tests.workers.test_judging import prefers_good

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings_file(tmp_path):
    endpoint = HostileEndpoint(prefers_good)
    path = tmp_path / "hosted.json"
    path.write_text(json.dumps({"backend": "endpoint", "url": endpoint.url, "model": "m", "logprobs": False}))
    yield path
    endpoint.close()


def printed(command, *arguments, **options):
    out = StringIO()
    call_command(command, *map(str, arguments), json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def pairs(tmp_path):
    rows = [
        item_line(number, candidates=[{"text": f"good {number}"}, {"text": f"poor {number}"}])
        for number in range(4)
    ]
    return write_lines(tmp_path / "pairs.jsonl", rows)


def test_a_file_without_judgments_is_judged_settled_and_released(tmp_path, settings_file):
    found = printed(
        "loop",
        pairs(tmp_path),
        out=tmp_path / "release",
        scorers=["length"],
        ask_judge=str(settings_file),
    )

    assert (found["judge"]["name"], found["judge"]["judgments"], found["judge"]["flips"]) == ("hosted", 4, 0)
    assert found["estimates"] == found["exported"] == 4
    rows = [json.loads(line) for line in (tmp_path / "release/jsonl/train.jsonl").read_text().splitlines()]
    assert all(row["chosen"][-1]["content"].startswith("good") for row in rows)


def test_a_judge_of_a_project_is_asked_by_its_name(settings_file):
    project = make_project()
    make_item(project, texts=("good", "poor"))

    found = printed("judge", project.slug, judge="Ours", spec=settings_file)
    again = pytest.raises(SystemExit, printed, "judge", project.slug, judge="Ours")

    assert (found["judge"], found["state"], found["pairs"], found["flips"]) == ("Ours", "done", 1, 0)
    assert found["figures"] is None
    assert again.value.code == 1
    assert Judgment.objects.get(assignment__judge__name="Ours").answers == {"preference": -3}


def test_a_judge_that_is_not_there_is_told_how_to_be_made():
    with pytest.raises(CommandError, match="--spec"):
        call_command("judge", make_project().slug, judge="Nobody")


def test_injections_are_tried_from_a_terminal(settings_file):
    project = make_project()
    for number in range(10):
        make_item(project, texts=(f"good {number}", f"poor {number}"))

    found = printed("judge", project.slug, judge="Hosted", spec=settings_file, injections=10)

    assert (found["state"], found["done"], found["may_label_alone"]) == ("done", 10, True)
    assert found["injections"]["pairs"] == 10
    assert found["injections"]["figures"]["excess"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 10}
    assert not Judgment.objects.exists()
