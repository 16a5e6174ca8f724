from __future__ import annotations

import json
import shutil

import pytest
import torch

from workers.runtime.cache import ModelCache, measured_bytes
from workers.runtime.devices import choose_dtype, processor_rates
from workers.runtime.errors import MissingPackage, ModelRefused
from workers.runtime.loading import load_language_model
from workers.runtime.packaged import ModelFolder, package_folder
from workers.runtime.safety import refuse_unsafe
from workers.runtime.sources import find_model, folder_digest


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model")


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_tokenizer(folder, **changes):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def plant(folder, name):
    (folder / name).write_bytes(b"x")


def spoil_weights(folder, content):
    (folder / "model.safetensors").write_bytes(content)


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
    "a private key deep inside": (
        lambda folder: change_config(folder, text_config={"parts": [{"_kernel": "x/y"}]}),
        "private key",
    ),
    "a map to code deep inside": (
        lambda folder: change_config(folder, vision_config={"auto_map": {"AutoModel": "x.Y"}}),
        "auto_map",
    ),
    "an attention kernel from elsewhere": (
        lambda folder: change_config(folder, attn_implementation="somebody/kernel"),
        "kernel",
    ),
    "a tokenizer with code": (
        lambda folder: change_tokenizer(folder, auto_map={"AutoTokenizer": ["x.Y", None]}),
        "auto_map",
    ),
    "a compiled module": (lambda folder: plant(folder, "fast.so"), "code"),
    "weights with a header of terabytes": (
        lambda folder: spoil_weights(folder, (1 << 42).to_bytes(8, "little") + b"{}"),
        "header does not fit",
    ),
    "a pickle under another name": (
        lambda folder: spoil_weights(folder, b"\x80\x04\x95" + b"\x00" * 60),
        "header",
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


def test_a_folder_that_is_no_language_model_is_refused_with_its_reason(folder):
    change_config(folder, model_type="something_new", architectures=["SomethingNew"])

    with pytest.raises(ModelRefused, match="does not load as a model of this kind"):
        load_language_model(ModelFolder(folder, "new", "6" * 40))


def test_weights_that_end_too_early_are_refused_with_their_reason(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ModelRefused, match="does not load"):
        load_language_model(ModelFolder(folder, "cut", "7" * 40))


def test_a_folder_without_all_weights_of_its_kind_is_refused(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ModelRefused, match=r"lacks weights .*model\.norm\.weight"):
        load_language_model(ModelFolder(folder, "partial", "8" * 40))


def test_a_local_folder_is_named_by_a_digest_of_its_files(folder):
    found = find_model("model", folder.parent)

    assert (found.path, found.name, len(found.revision)) == (folder, "model", 40)
    assert find_model(f"model@{found.revision}", folder.parent) == found
    (folder / "README.md").write_text("A note changes nothing.")
    assert folder_digest(folder) == found.revision
    change_config(folder, rms_norm_eps=1e-3)
    assert folder_digest(folder) != found.revision
    with pytest.raises(ModelRefused, match="not what was asked for"):
        find_model(f"model@{found.revision}", folder.parent)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../model", "names no model"),
        ("/etc", "names no model"),
        ("absent", "no model folder"),
        ("owner/name", "names no revision"),
        ("owner/name@main", "names no model"),
    ],
)
def test_a_name_that_leads_nowhere_says_why(folder, name, reason):
    with pytest.raises(ModelRefused, match=reason):
        find_model(name, folder.parent)


def test_the_model_not_used_for_longest_is_let_go_first():
    cache = ModelCache(budget=2500)
    made = []

    def load(name):
        return lambda: made.append(name) or torch.nn.Linear(16, 16, bias=False)

    for name in ("a", "b", "a", "c", "b"):
        cache.get(name, load(name), expected=1024)

    assert (made, cache.keys, cache.bytes) == (["a", "b", "c", "b"], ["c", "b"], 2048)


def test_a_model_larger_than_the_budget_is_held_alone():
    cache = ModelCache(budget=100)
    for name in "ab":
        cache.get(name, lambda: torch.nn.Linear(16, 16, bias=False))

    assert cache.keys == ["b"]


def test_tied_weights_are_measured_once(tiny):
    first = torch.nn.Linear(8, 8, bias=False)
    tied = torch.nn.Sequential(first, first)

    assert measured_bytes(tied) == 8 * 8 * 4
    assert measured_bytes(tiny) == sum(one.nbytes for one in tiny.model.parameters()) + sum(
        one.nbytes for one in tiny.model.buffers()
    )


def test_the_number_type_follows_what_was_measured_here():
    rates = processor_rates()

    assert choose_dtype("cpu") == ("bfloat16" if rates.bfloat16 > 1.2 * rates.float32 else "float32")
    assert choose_dtype("cpu", "bfloat16") == "bfloat16"
    with pytest.raises(ValueError, match="float32, bfloat16 or auto"):
        choose_dtype("cpu", "float8")
