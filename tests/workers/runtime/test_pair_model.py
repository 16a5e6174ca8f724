"""Pair models in PairRM's own shape, of two random layers: against the architecture written out by hand."""

from __future__ import annotations

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from tests.workers.runtime.conftest import save_tiny_model
from workers.runtime.errors import ModelRefused
from workers.runtime.packaged import ModelFolder
from workers.runtime.reward import load_reward_model, pair_logits, rewards

ASKED = [{"role": "user", "content": "Why?"}]
PAIRS = [("Because.", "No idea."), ("It is a long story.", "x"), ("y", "Who knows? Not I, nor you.")]
MARKS = ("<|source|>", "<|candidate1|>", "<|candidate2|>")


def save_pair_model(folder, *, tasks=1, seed=3):
    """Encoder, head and tokenizer as the published folders have them."""
    save_tiny_model(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens(
        {"additional_special_tokens": list(MARKS), "cls_token": "[CLS]", "sep_token": "[SEP]"}
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.DebertaV2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, relative_attention=True,
        position_biased_input=False, pos_att_type=["p2c", "c2p"], type_vocab_size=0, pad_token_id=0,
    )  # fmt: skip
    encoder = transformers.DebertaV2Model(config)
    weights = {f"pretrained_model.{name}": value for name, value in encoder.state_dict().items()}
    for place, rows, columns in ((1, 32, 64), (4, tasks, 32)):
        weights[f"head_layer.{place}.weight"] = torch.randn(rows, columns) / 4
        weights[f"head_layer.{place}.bias"] = torch.randn(rows) / 4
    save_file(weights, folder / "model.safetensors")
    marks = dict(
        zip(
            ("source_prefix_id", "cand1_prefix_id", "cand2_prefix_id"),
            tokenizer.convert_tokens_to_ids(list(MARKS)),
            strict=True,
        )
    )
    told = (
        config.to_dict() | marks | {"architectures": ["DebertaV2PairRM"], "n_tasks": tasks, "drop_out": 0.05}
    )
    (folder / "config.json").write_text(json.dumps(told))
    return folder


def load(folder):
    return load_reward_model(ModelFolder(folder, "pairs", folder.name[:40].ljust(40, "0")), dtype="float32")


def values(batches):
    found = dict(pair for batch in batches for pair in batch)
    return [found[place].value for place in range(len(found))]


def by_hand(folder, one, other):
    """The published forward pass, written out for one pair."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    config = transformers.DebertaV2Config.from_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    encoder = transformers.DebertaV2Model(config).eval()
    encoder.load_state_dict(
        {
            name.removeprefix("pretrained_model."): value
            for name, value in weights.items()
            if "head" not in name
        }
    )
    ids = []
    for mark, text in zip(MARKS, ("Why?", one, other), strict=True):
        ids += tokenizer(f"[CLS]{mark}{text}[SEP]", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        states = encoder(torch.tensor([ids])).last_hidden_state[0]
    places = [ids.index(mark) for mark in tokenizer.convert_tokens_to_ids(list(MARKS))]
    scores = []
    for side in places[1:]:
        both = torch.cat([states[places[0]], states[side]])
        inner = torch.tanh(weights["head_layer.1.weight"] @ both + weights["head_layer.1.bias"])
        scores.append(weights["head_layer.4.weight"] @ inner + weights["head_layer.4.bias"])
    return float((scores[0] - scores[1]).mean())


@pytest.mark.parametrize("tasks", [1, 3])
def test_a_pair_gets_the_logit_of_the_published_architecture(tmp_path, tasks):
    folder = save_pair_model(tmp_path / f"tasks{tasks}", tasks=tasks)

    found = values(pair_logits(load(folder), [(ASKED, *pair) for pair in PAIRS]))

    assert found == pytest.approx([by_hand(folder, *pair) for pair in PAIRS], rel=1e-4, abs=1e-6)
    assert len(set(found)) == len(PAIRS)


@pytest.mark.parametrize("side", ["right", "left"])
def test_neither_batch_nor_padding_changes_a_logit(tmp_path, side):
    rm = load(save_pair_model(tmp_path / "padded"))
    asked = [(ASKED, *pair) for pair in PAIRS]

    alone = [values(pair_logits(rm, [one]))[0] for one in asked]

    assert values(pair_logits(rm, asked, side=side)) == pytest.approx(alone, rel=1e-4, abs=1e-6)


def test_a_text_that_spells_out_a_mark_stays_text(tmp_path):
    rm = load(save_pair_model(tmp_path / "marks"))
    from workers.runtime.reward import _side_by_side

    spelt = _side_by_side(rm, ASKED, "see <|candidate2|> there", "no").ids

    assert [spelt.count(mark) for mark in rm.model.marks] == [1, 1, 1]


def test_long_texts_are_cut_to_the_published_limits_and_flagged(tmp_path):
    rm = load(save_pair_model(tmp_path / "long"))
    from workers.runtime.reward import _side_by_side

    asked = [{"role": "user", "content": "x" * 3000}]
    found = _side_by_side(rm, asked, "y" * 900, "z")

    assert found.flags == ("truncated",)
    assert len(found.ids) == 1224 + 412 + 4
    assert _side_by_side(rm, ASKED, "y" * 900, "z").flags == ()


def test_an_empty_response_gets_no_logit_and_a_flag(tmp_path):
    rm = load(save_pair_model(tmp_path / "empty"))

    (((_place, found),),) = list(pair_logits(rm, [(ASKED, "", "x")]))

    assert (found.value, found.flags) == (None, ("empty",))


def test_a_pair_model_is_not_asked_about_single_responses(tmp_path):
    with pytest.raises(ModelRefused, match="choose the form for pairs"):
        list(rewards(load(save_pair_model(tmp_path / "single")), [(ASKED, "x")]))


@pytest.mark.parametrize(
    "lost", ["head_layer.4.bias", "pretrained_model.encoder.layer.1.output.dense.weight"]
)
def test_a_folder_that_lacks_weights_is_refused(tmp_path, lost):
    folder = save_pair_model(tmp_path / "lost")
    weights = load_file(folder / "model.safetensors")
    weights.pop(lost)
    save_file(weights, folder / "model.safetensors")

    with pytest.raises(ModelRefused, match="lacks weights"):
        load(folder)


def test_a_mark_outside_of_the_vocabulary_is_refused(tmp_path):
    folder = save_pair_model(tmp_path / "outside")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"cand2_prefix_id": 128_003}))

    with pytest.raises(ModelRefused, match="not in its vocabulary"):
        load(folder)


def test_weights_that_are_not_finite_give_no_logit_and_a_flag(tmp_path):
    rm = load(save_pair_model(tmp_path / "broken"))
    with torch.no_grad():
        rm.model.second.weight.fill_(float("nan"))

    (((_place, found),),) = list(pair_logits(rm, [(ASKED, "x", "y")]))

    assert (found.value, found.flags) == (None, ("not_finite",))
