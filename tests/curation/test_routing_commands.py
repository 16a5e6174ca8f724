from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from curation.models import Policy
from tests.curation.test_learned_routing import tagged_project
from tests.factories import item_line, make_items, make_project, write_lines

pytestmark = pytest.mark.django_db


def run(capsys, *arguments):
    call_command(*arguments)
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def judged_lines(count):
    """Every third label of the model is wrong."""
    for number in range(count):
        truth = -2 if number % 2 else 2
        said = -truth if number % 3 == 0 else truth
        yield item_line(
            number,
            judgments=[
                {"judge": "ann", "kind": "person", "answers": {"preference": truth}},
                {"judge": "critic", "kind": "model", "answers": {"preference": said}},
                {"judge": "other", "kind": "model", "answers": {"preference": truth}},
            ],
        )


def test_a_file_is_replayed_with_all_policies(tmp_path, capsys):
    path = write_lines(tmp_path / "judged.jsonl", judged_lines(30))

    found = run(capsys, "replay", str(path), "--seeds", "2", "--no-reward", "--json")

    assert set(found) == {"items", "seeds", "policies", "verdict"}
    assert (found["items"], found["seeds"], found["verdict"]["judge"]) == (30, 2, "critic")
    assert {"random", "everyone", "uncertainty", "rules", "learned", "learned_live", "oracle"} <= set(
        found["policies"]
    )
    for curve in found["policies"].values():
        assert set(curve) == {"budget", "accuracy", "low", "high", "auc"}
        assert [type(one) for one in curve.values()] == [list, list, list, list, float]
        assert len({len(curve[name]) for name in ("budget", "accuracy", "low", "high")}) == 1
    # The second judge contradicts the first where that one is wrong, and nowhere else.
    assert found["policies"]["uncertainty"]["auc"] == found["policies"]["oracle"]["auc"]


def test_one_policy_and_one_budget(tmp_path, capsys):
    path = write_lines(tmp_path / "judged.jsonl", judged_lines(30))

    arguments = ["--policy", "uncertainty", "--budget", "0.2", "--seeds", "2", "--no-reward", "--json"]
    found = run(capsys, "replay", str(path), *arguments)

    assert list(found["policies"]) == ["random", "uncertainty", "oracle"]
    assert found["policies"]["oracle"]["budget"] == [0.2]
    assert found["policies"]["oracle"]["accuracy"] == [pytest.approx(2 / 3 + 0.2)]


def test_a_replay_of_too_little_fails_with_the_reason(tmp_path, capsys):
    path = write_lines(tmp_path / "judged.jsonl", judged_lines(4))

    with pytest.raises(SystemExit):
        call_command("replay", str(path), "--no-reward", "--json")
    assert json.loads(capsys.readouterr().out)["error"] == "nothing_to_do"
    with pytest.raises(CommandError, match="needs 20"):
        call_command("replay", str(path), "--no-reward")


def test_a_route_with_constraints_from_the_command(capsys):
    project = make_project()
    make_items(project, 20)

    options = ["--policy", "uncertainty", "--budget", "10", "--audit", "0.3", "--require", "safety: high"]
    found = run(capsys, "route", project.slug, *options, "--json")

    assert (found["people"], found["routed"], found["kept"]) == (10, 20, 0)
    policy = Policy.objects.get(project=project)
    assert (policy.settings["audit"], policy.settings["required"]) == (0.3, ["safety: high"])


def test_mixtures_from_the_command(tmp_path, capsys):
    project = tagged_project(labelled=70, waiting=0)

    found = run(capsys, "mixtures", project.slug, str(tmp_path / "out"), "--count", "20", "--json")

    assert (found["pairs"], found["mixtures"]) == (70, 20)
