"""The seven stages as one story: published judgments in, a dataset out."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from annotate.models import Judgment, Project
from curation.formats.folder import verify_release
from curation.models import Estimate, Score
from tests.readers_of_published_data import pandalm_rows

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "pandalm_multi_annotator.jsonl"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.database_bound,
    pytest.mark.skipif(
        not SHARED.is_file(), reason="the shared folder with published judgments is not beside the project"
    ),
]


def write_rows(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def run_loop(file: Path, out: Path, **options) -> dict:
    printed = StringIO()
    call_command("loop", str(file), out=out, json=True, stdout=printed, **options)
    return json.loads(printed.getvalue())


def human_majority(row: dict) -> str | None:
    """The side most people chose; None where there is no such side."""
    sides = Counter(
        "tie" if one["answers"]["preference"] == "tie" else "a" if one["answers"]["preference"] < 0 else "b"
        for one in row["judgments"]
        if one["kind"] == "person"
    )
    (first, count), *rest = sides.most_common()
    return None if first == "tie" or (rest and rest[0][1] == count) else first


def test_every_published_judgment_is_replayed_settled_and_released(tmp_path):
    rows = pandalm_rows(SHARED)
    found = run_loop(write_rows(tmp_path / "pandalm.jsonl", rows), tmp_path / "release", scorers=["length"])

    assert found["items"] == 603
    assert found["candidates"] == 1206
    assert found["judgments"] == {"person": 1809, "model": 1200}
    assert found["unparseable"] == 6
    assert found["estimates"] == 603
    assert Estimate.objects.filter(pool="together").count() == 603
    assert sum(one.n_judges for one in Estimate.objects.filter(pool="together")) == 3009
    assert Judgment.objects.filter(state="unparseable").count() == 6
    assert found["exported"] == 603 - sum(found["dropped"].values())


def test_the_chosen_side_of_every_exported_row_is_the_human_majority(tmp_path):
    rows = pandalm_rows(SHARED)
    run_loop(write_rows(tmp_path / "pandalm.jsonl", rows), tmp_path / "release", scorers=["length"])

    by_id = {row["id"]: row for row in rows}
    exported = [
        json.loads(line) for line in (tmp_path / "release/jsonl/train.jsonl").read_text().splitlines()
    ]

    assert len(exported) > 400
    for row in exported:
        source = by_id[row["id"]]
        side = {"a": 0, "b": 1}[human_majority(source)]
        assert row["chosen"][-1]["content"] == source["candidates"][side]["text"]
        assert row["rejected"][-1]["content"] == source["candidates"][1 - side]["text"]


def test_the_same_file_and_seed_give_the_same_bytes_with_real_ches_scores(tmp_path):
    rows = pandalm_rows(SHARED)[:6]
    file = write_rows(tmp_path / "few.jsonl", rows)

    first = run_loop(file, tmp_path / "one", seed=7)
    again = run_loop(file, tmp_path / "two", seed=7)

    assert first["manifest_sha256"] == again["manifest_sha256"]
    for name in ("manifest.json", "README.md", "data/train.parquet", "jsonl/train.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert Score.objects.filter(scorer="ches", value__isnull=False).count() == 12
    assert verify_release(tmp_path / "one") == []


def test_the_release_opens_with_datasets(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    rows = pandalm_rows(SHARED)[:20]
    found = run_loop(write_rows(tmp_path / "few.jsonl", rows), tmp_path / "release", scorers=["length"])

    loaded = datasets.load_dataset(
        str(tmp_path / "release"), split="train", cache_dir=str(tmp_path / "cache")
    )

    assert loaded.num_rows == found["exported"]
    assert {"prompt", "chosen", "rejected", "margin"} <= set(loaded.column_names)


def test_a_file_that_is_refused_leaves_no_row_behind(tmp_path):
    rows = pandalm_rows(SHARED)[:3]
    del rows[1]["prompt"]
    printed = StringIO()

    with pytest.raises(SystemExit):
        call_command(
            "loop",
            str(write_rows(tmp_path / "bad.jsonl", rows)),
            out=tmp_path / "release",
            json=True,
            stdout=printed,
        )

    refusal = json.loads(printed.getvalue())
    assert (refusal["error"], refusal["defects"][0]["line"], refusal["defects"][0]["field"]) == (
        "import_refused",
        2,
        "prompt",
    )
    assert Project.objects.get().items.count() == 0
    assert not (tmp_path / "release").exists()
