from __future__ import annotations

import json
import shutil

import pytest

from workers.runtime.errors import MissingPackage, ModelRefused
from workers.runtime.loading import refuse_unsafe
from workers.runtime.packaged import package_folder


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model")


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def plant(folder, name):
    (folder / name).write_bytes(b"x")


HOSTILE = {
    "pickled weights": (lambda folder: plant(folder, "pytorch_model.bin"), "pickled"),
    "a pickle beside the weights": (lambda folder: plant(folder, "extra.pkl"), "pickled"),
    "a checkpoint": (lambda folder: plant(folder, "model.pt"), "pickled"),
    "code": (lambda folder: plant(folder, "modeling_x.py"), "code"),
    "a map to code": (lambda folder: change_config(folder, auto_map={"AutoModel": "x.Y"}), "auto_map"),
    "a private key": (
        lambda folder: change_config(folder, _attn_implementation_internal="x/y"),
        "private key",
    ),
    "a link out": (lambda folder: (folder / "notes.txt").symlink_to("/etc/hostname"), "points out"),
    "a config that is no object": (lambda folder: (folder / "config.json").write_text("[]"), "not an object"),
    "a config that is no JSON": (lambda folder: (folder / "config.json").write_text("{"), "not JSON"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "no config.json"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no safetensors"),
}


@pytest.mark.parametrize("plot", HOSTILE)
def test_a_hostile_folder_is_refused_with_its_reason(folder, plot):
    spoil, reason = HOSTILE[plot]
    spoil(folder)

    with pytest.raises(ModelRefused, match=reason):
        refuse_unsafe(folder)


def test_a_clean_folder_passes(folder):
    refuse_unsafe(folder)


def test_a_missing_package_says_how_to_get_it():
    with pytest.raises(MissingPackage, match="pip install --no-deps something"):
        package_folder("no_such_package_at_all", "pip install --no-deps something")


def test_text_that_spells_a_control_token_is_not_one(tiny):
    plain, spelt = tiny.text_ids("end"), tiny.text_ids("<|end|>")

    assert tiny.tokenizer.eos_token_id not in spelt
    assert len(spelt) > len(plain)
