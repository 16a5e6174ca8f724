"""TRL's trainers take a real step on a release as it lies in its folder: tiny random models, offline."""

from __future__ import annotations

import json
import math

import pytest

from curation.formats.folder import write_release
from curation.formats.registry import FORMATS

datasets = pytest.importorskip("datasets")
trl = pytest.importorskip("trl")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
STEP = {
    "max_steps": 1,
    "per_device_train_batch_size": 4,
    "learning_rate": 1e-2,
    "logging_steps": 1,
    "save_strategy": "no",
    "report_to": "none",
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "disable_tqdm": True,
    "seed": 0,
}


@pytest.fixture
def tokenizer():
    """Bytes as tokens, with the two marks of the template; nothing to download."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bare = Tokenizer(models.BPE({letter: place for place, letter in enumerate(alphabet)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=bare, bos_token="<|start|>", eos_token="<|end|>", pad_token="<|pad|>"
    )
    made.chat_template = TEMPLATE
    return made


@pytest.fixture
def rated(make_row, make_batch):
    """Rows that every format can be made of: ratings, spans, steps."""
    steps = "wrong step\n\nright step"
    marked = {
        "judge": "person-1", "kind": "person", "order": [0, 1], "seconds": 1.0, "guidelines": 1,
        "answers": {"preference": 1, "bad": [
            {"candidate": 0, "start": 0, "end": 5, "label": "wrong", "severity": None, "text_hash": "x"}]},
    }  # fmt: skip
    fields = {
        "prompt": [{"role": "user", "content": "Name a colour."}],
        "ratings": json.dumps({"helpfulness": [1.0, 4.0], "correctness": [2.0, 3.0]}),
        "judgments": json.dumps([marked]),
        "candidates": json.dumps([{}, {}]),
        "first": steps, "rejected": steps, "second": "green", "chosen": "green",
    }  # fmt: skip
    return [make_batch([make_row(place, **fields) for place in range(4)])]


def tiny_llama(kind, tokenizer, **settings):
    torch.manual_seed(0)
    return kind(
        transformers.LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            **settings,
        )
    )


def assert_one_real_step(trainer, train):
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}

    result = train(trainer)

    after = dict(trainer.model.named_parameters())
    assert trainer.state.global_step == 1
    assert math.isfinite(result.training_loss)
    assert result.training_loss > 0
    assert all(torch.isfinite(weight).all() for weight in after.values())
    assert any(not torch.equal(weight, after[name]) for name, weight in before.items())


# The trainer of each format whose snippet trains; one of a kind runs in the gate, the others when asked.
TRAINED = {
    "preference": "causal",
    "reward": "scalar",
    "unpaired": "causal",
    "prompt-completion": "causal",
    "cpo": "causal",
    "orpo": "causal",
}
ALSO = {
    "preference-implicit": "causal",
    "reward-augmented": "causal",
    "best-of-n": "causal",
    "per-judge": "causal",
    "listwise-pairs": "causal",
}
KINDS = {
    "causal": (transformers.LlamaForCausalLM, {}),
    "scalar": (transformers.LlamaForSequenceClassification, {"num_labels": 1}),
}


def run_snippet(name, folder, tokenizer, tmp_path, monkeypatch):
    """The snippet as a reader would run it, in an empty folder; returns what it left."""
    kind, settings = KINDS[(TRAINED | ALSO).get(name, "causal")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    # By path, as a reader names one: DPO loads it a second time as its reference.
    tiny_llama(kind, tokenizer, **settings).save_pretrained(tmp_path / "model")
    known = {
        "folder": str(folder),
        "model": str(tmp_path / "model"),
        "tokenizer": tokenizer,
        "settings": STEP,
    }
    exec(compile(FORMATS[name].snippet, name, "exec"), known)
    return known


@pytest.mark.parametrize("name", [*TRAINED, *(pytest.param(name, marks=pytest.mark.slow) for name in ALSO)])
def test_the_snippet_of_a_format_takes_a_real_step_on_its_folder(
    name, offline, tmp_path, rated, manifest, tokenizer, monkeypatch
):
    folder = write_release(tmp_path / "release", rated, format=FORMATS[name], manifest=manifest).folder
    steps = []
    taken = transformers.Trainer.train
    monkeypatch.setattr(
        transformers.Trainer, "train", lambda self, *a, **k: steps.append(assert_one_real_step(self, taken))
    )

    left = run_snippet(name, folder, tokenizer, tmp_path, monkeypatch)

    assert len(steps) == 1
    assert left["train"].num_rows > 0


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in TRAINED | ALSO and name != "items"])
def test_the_snippet_of_a_format_that_no_trainer_reads_runs_as_well(
    name, offline, tmp_path, rated, tokenizer, monkeypatch
):
    folder = write_release(tmp_path / "release", rated, format=FORMATS[name], manifest={}).folder

    left = run_snippet(name, folder, tokenizer, tmp_path, monkeypatch)

    assert left["train"].num_rows > 0


def test_the_snippet_of_whole_items_reads_every_item(offline, tmp_path, rated, tokenizer, monkeypatch):
    folder = write_release(tmp_path / "release", rated, format=FORMATS["items"], manifest={}).folder

    assert len(run_snippet("items", folder, tokenizer, tmp_path, monkeypatch)["items"]) == 4


def test_reward_trainer_reads_the_margins(offline, tmp_path, batches, tokenizer):
    folder = write_release(tmp_path / "release", batches, format=FORMATS["reward"], manifest={}).folder
    pairs = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    model = tiny_llama(transformers.LlamaForSequenceClassification, tokenizer, num_labels=1)
    settings = trl.RewardConfig(output_dir=str(tmp_path / "out"), **STEP)

    trainer = trl.RewardTrainer(model=model, args=settings, train_dataset=pairs, processing_class=tokenizer)

    assert trainer.train_dataset["margin"] == pairs["margin"]


def test_an_implicit_prompt_is_what_trl_takes_out_again(offline, tmp_path, batches):
    from trl.data_utils import extract_prompt, is_conversational

    rows = {}
    for name in ("preference", "preference-implicit"):
        folder = write_release(tmp_path / name, batches, format=FORMATS[name], manifest={}).folder
        rows[name] = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))

    assert is_conversational(rows["preference"][0])
    for explicit, implicit in zip(rows["preference"], rows["preference-implicit"], strict=True):
        found = extract_prompt(implicit)
        assert {key: found[key] for key in ("prompt", "chosen", "rejected")} == {
            key: explicit[key] for key in ("prompt", "chosen", "rejected")
        }


def test_unpaired_rows_are_what_trl_makes_of_the_pairs(offline, tmp_path, batches):
    from trl.data_utils import unpair_preference_dataset

    rows = {}
    for name in ("preference", "unpaired"):
        folder = write_release(tmp_path / name, batches, format=FORMATS[name], manifest={}).folder
        rows[name] = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    pairs = rows["preference"].select_columns(["prompt", "chosen", "rejected"])

    def seen(row):
        return str(row["prompt"]), str(row["completion"]), row["label"]

    assert sorted(map(seen, rows["unpaired"])) == sorted(map(seen, unpair_preference_dataset(pairs)))
    assert rows["unpaired"].num_rows == 2 * pairs.num_rows
