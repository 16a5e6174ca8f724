"""TRL's trainers take a real step on a release as it lies in its folder: tiny random models, offline."""

from __future__ import annotations

import math

import pytest

from curation.formats.folder import write_release

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
def pairs(offline, tmp_path, rows, manifest):
    folder = write_release(tmp_path / "release", rows, manifest=manifest).folder
    return datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))


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


def assert_one_real_step(trainer):
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}

    result = trainer.train()

    after = dict(trainer.model.named_parameters())
    assert trainer.state.global_step == 1
    assert math.isfinite(result.training_loss)
    assert result.training_loss > 0
    assert all(torch.isfinite(weight).all() for weight in after.values())
    assert any(not torch.equal(weight, after[name]) for name, weight in before.items())


def test_dpo_trainer_takes_a_step_on_a_release(tmp_path, pairs, tokenizer):
    model, reference = (tiny_llama(transformers.LlamaForCausalLM, tokenizer) for _ in range(2))
    settings = trl.DPOConfig(output_dir=str(tmp_path / "out"), **STEP)

    trainer = trl.DPOTrainer(
        model=model, ref_model=reference, args=settings, train_dataset=pairs, processing_class=tokenizer
    )

    assert trainer.train_dataset.num_rows == pairs.num_rows
    assert_one_real_step(trainer)


def test_reward_trainer_takes_a_step_on_a_release_and_reads_its_margins(tmp_path, pairs, tokenizer):
    model = tiny_llama(transformers.LlamaForSequenceClassification, tokenizer, num_labels=1)
    settings = trl.RewardConfig(output_dir=str(tmp_path / "out"), **STEP)

    trainer = trl.RewardTrainer(model=model, args=settings, train_dataset=pairs, processing_class=tokenizer)

    assert trainer.train_dataset["margin"] == pairs["margin"]
    assert_one_real_step(trainer)
