from __future__ import annotations

import json

import pytest

from annotate.errors import InvalidSetting, NothingToDo
from curation.services.mixtures import export_mixtures, learn_from_scores
from curation.services.routing import route_items
from tests.curation.test_learned_routing import tagged_project

pytestmark = pytest.mark.django_db


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def exported(tmp_path):
    project = tagged_project(labelled=120, waiting=8)
    export_mixtures(project=project, folder=tmp_path / "out", count=80, seed=3)
    return project, tmp_path / "out"


def write_scores(path, rows):
    path.write_text("candidate,score\n" + "".join(f"{name},{score}\n" for name, score in rows))
    return path


def test_mixtures_name_whose_label_counts_and_every_pair_once(exported):
    _project, folder = exported
    pairs = {one["id"]: one for one in lines(folder / "pairs.jsonl")}
    mixtures = lines(folder / "mixtures.jsonl")

    assert (len(pairs), len(mixtures)) == (120, 80)
    assert {one["people"] for one in pairs.values()} <= {"first", "second", "tie"}
    assert all(set(one["people"]) <= set(pairs) for one in mixtures)


def test_scores_of_real_runs_become_a_policy(exported, tmp_path):
    project, folder = exported
    law = {item.external_id for item in project.items.all() if item.meta["tags"]["subject"] == ["law"]}
    rows = [
        (one["candidate"], sum(name in law for name in one["people"]) - 0.2 * len(one["people"]))
        for one in lines(folder / "mixtures.jsonl")
    ]

    policy = learn_from_scores(
        project=project, folder=folder, scores=write_scores(tmp_path / "s.csv", rows), human_budget=10
    )
    route_items(policy=policy)

    chosen = policy.routes.exclude(target="model").select_related("item")
    assert len(chosen) == 10
    assert sum(route.item.external_id in law for route in chosen) >= 8
    assert policy.settings["learned"]["target"] == "uploaded"


@pytest.mark.parametrize(
    "rows",
    [[("c0000", "nan")], [("nobody", 1)], [("c0000", 1), ("c0000", 2)], [("c0000", 1)], [("c0000", "")]],
)
def test_scores_that_do_not_fit_are_refused(exported, tmp_path, rows):
    project, folder = exported

    with pytest.raises(InvalidSetting):
        learn_from_scores(project=project, folder=folder, scores=write_scores(tmp_path / "s.csv", rows))
    assert not project.policies.exists()


def test_a_folder_without_mixtures_is_refused(tmp_path):
    with pytest.raises(InvalidSetting, match="no exported mixtures"):
        learn_from_scores(project=tagged_project(labelled=3), folder=tmp_path, scores=tmp_path / "s.csv")


def test_too_few_labels_make_no_mixtures(tmp_path):
    with pytest.raises(NothingToDo, match="needs 60"):
        export_mixtures(project=tagged_project(labelled=5), folder=tmp_path / "out")
