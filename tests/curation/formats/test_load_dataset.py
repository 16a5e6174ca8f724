"""A release opens in ``datasets`` as it is, offline, with the rows it was made from."""

from __future__ import annotations

import dataclasses

import pytest

from curation.formats.folder import write_release
from curation.formats.trl import to_conversational

datasets = pytest.importorskip("datasets")


def load(folder, tmp_path):
    return datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


def test_load_dataset_gives_every_row_once_as_it_was_written(offline, tmp_path, rows, manifest):
    folder = write_release(tmp_path / "release", rows, manifest=manifest).folder

    loaded = load(folder, tmp_path)

    assert list(loaded) == ["train"]
    assert loaded["train"].to_list() == [to_conversational(row) for row in rows]


def test_load_dataset_of_one_row_without_score_or_models_keeps_the_columns(offline, tmp_path, rows):
    bare = dataclasses.replace(rows[0], ln_ches=None, chosen_model=None, rejected_model=None)
    folder = write_release(tmp_path / "release", [bare], manifest={}).folder

    loaded = load(folder, tmp_path)

    assert loaded["train"].to_list() == [to_conversational(bare)]
    assert loaded["train"].features["ln_ches"].dtype == "float64"
    assert loaded["train"].features["chosen_model"].dtype == "string"
