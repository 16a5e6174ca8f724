"""A release opens in ``datasets`` as it is, offline, with the rows it was made from, in every format."""

from __future__ import annotations

import json

import pytest

from curation.formats.folder import write_release
from curation.formats.parquet import read_records
from curation.formats.registry import FORMATS

datasets = pytest.importorskip("datasets")

RATED = {"helpfulness": [1.0, 4.0], "correctness": [2.0, 3.0]}
SPANS = [
    {"judge": "person-1", "kind": "person", "order": [0, 1], "seconds": 1.0, "guidelines": 1,
     "answers": {"preference": 1, "bad": [
         {"candidate": 0, "start": 0, "end": 5, "label": "wrong", "severity": None, "text_hash": "x"}]}},
]  # fmt: skip


@pytest.fixture
def full(make_row):
    """Rows with one user turn, ratings, spans and several steps: what every format can be made of."""
    steps = "wrong step\n\nright step\n\nlast step"
    fields = {
        "prompt": [{"role": "user", "content": "Name a colour."}],
        "ratings": json.dumps(RATED),
        "judgments": json.dumps(SPANS),
        "first": steps,
        "rejected": steps,
        "candidates": json.dumps([{}, {}]),
        "chosen": "green",
        "second": "green",
    }
    return [make_row(place, **fields) for place in range(4)]


def load(folder, tmp_path, **options):
    return datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"), **options)


def test_load_dataset_gives_every_row_once_as_it_was_written(offline, tmp_path, batches, manifest):
    folder = write_release(
        tmp_path / "release", batches, format=FORMATS["preference"], manifest=manifest
    ).folder

    loaded = load(folder, tmp_path)

    assert list(loaded) == ["train"]
    assert loaded["train"].num_rows == 12
    assert loaded["train"].to_list() == list(read_records(folder / "data/train.parquet"))


@pytest.mark.parametrize("shape", ["conversational", "standard"])
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "items"])
def test_every_format_in_every_shape_opens(name, shape, offline, tmp_path, full, make_batch):
    chosen = FORMATS[name]
    if shape not in chosen.shapes:
        pytest.skip("it has one shape")
    folder = write_release(
        tmp_path / "release", [make_batch(full)], format=chosen, manifest={},
        options=chosen.options({"shape": shape}),
    ).folder  # fmt: skip

    loaded = load(folder, tmp_path, split="train")

    assert loaded.num_rows > 0
    assert loaded.column_names == list(
        chosen.make(chosen.options({"shape": shape}), full_schema(full, make_batch)).schema.names
    )


def full_schema(full, make_batch):
    return make_batch(full).schema


def test_whole_items_open_as_json_lines(offline, tmp_path, full, make_batch):
    folder = write_release(
        tmp_path / "release", [make_batch(full)], format=FORMATS["items"], manifest={}
    ).folder

    assert not (folder / "data").exists()
    assert load(folder, tmp_path, split="train").num_rows == 4


def test_splits_open_by_name(offline, tmp_path, rows, make_batch):
    for place, row in enumerate(rows):
        row["split"] = ("train", "test", "validation")[place % 3]
    folder = write_release(
        tmp_path / "release", [make_batch(rows)], format=FORMATS["preference"], manifest={}
    ).folder

    loaded = load(folder, tmp_path)

    assert {name: part.num_rows for name, part in loaded.items()} == {
        "train": 4, "validation": 4, "test": 4
    }  # fmt: skip


def test_a_row_without_score_or_models_keeps_the_columns(offline, tmp_path, make_row, make_batch):
    bare = make_row(1, first_model="", second_model="", **{"score:ln_ches:second": None})
    folder = write_release(
        tmp_path / "release", [make_batch([bare])], format=FORMATS["preference"], manifest={}
    ).folder

    loaded = load(folder, tmp_path, split="train")

    assert loaded[0]["ln_ches"] is None
    assert loaded[0]["chosen_model"] is None
    assert loaded.features["ln_ches"].dtype == "float64"
    assert loaded.features["chosen_model"].dtype == "string"
