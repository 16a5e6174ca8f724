"""Reward models of two random layers: what batching, padding and templates must not change."""

from __future__ import annotations

import pytest
import torch
import transformers

from tests.workers.runtime.conftest import save_tiny_model
from workers.runtime.errors import ModelRefused
from workers.runtime.packaged import ModelFolder
from workers.runtime.reward import load_reward_model, pair_logits, rewards

ASKED = [{"role": "user", "content": "Why?"}]
ANSWERS = ["Because.", "It is a long story, and it begins long ago.", "No", "Who knows? Not I."]
FAMILIES = ["llama", "gpt2", "deberta-v2"]


def save_reward_model(folder, family="llama", *, labels=1, pad=0, template=True):
    """Two random layers of a family with a head, and the tiny tokenizer."""
    save_tiny_model(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    bert = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    shapes = {
        "llama": bert | {"max_position_embeddings": 256},
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256},
        "deberta-v2": bert | {"max_position_embeddings": 256},
    }
    torch.manual_seed(2)
    config = transformers.AutoConfig.for_model(family, vocab_size=len(tokenizer), **shapes[family])
    config.num_labels, config.pad_token_id = labels, pad
    for name in folder.glob("*.safetensors"):
        name.unlink()
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    if not template:
        (folder / "chat_template.jinja").unlink(missing_ok=True)
    return folder


def load(folder):
    return load_reward_model(ModelFolder(folder, "rewards", folder.name[:40].ljust(40, "0")), dtype="float32")


def values(batches):
    found = dict(pair for batch in batches for pair in batch)
    return [found[place].value for place in range(len(found))]


@pytest.mark.parametrize("pad", [0, None])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_scores_as_each_alone_whatever_the_padding_side(tmp_path, family, pad):
    if family == "deberta-v2" and pad is None:
        pytest.skip("an encoder reads its first token and always has a padding token")
    rm = load(save_reward_model(tmp_path / family, family, pad=pad))
    asked = [(ASKED, text) for text in ANSWERS] * 2

    alone = [values(rewards(rm, [one]))[0] for one in asked]

    assert values(rewards(rm, asked)) == pytest.approx(alone, rel=1e-4, abs=1e-6)
    if family != "deberta-v2":
        assert values(rewards(rm, asked, side="left")) == pytest.approx(alone, rel=1e-4, abs=1e-6)


def test_a_model_without_a_padding_token_reads_the_last_token(tmp_path):
    rm = load(save_reward_model(tmp_path / "last", pad=None))
    text = rm.tokenizer.apply_chat_template([*ASKED, {"role": "assistant", "content": "No"}], tokenize=False)
    ids = torch.tensor([rm.tokenizer(text, add_special_tokens=False)["input_ids"]])

    with torch.inference_mode():
        last = rm.model.score(rm.model.model(ids).last_hidden_state[:, -1])
    assert values(rewards(rm, [(ASKED, "No"), (ASKED, ANSWERS[1])]))[0] == pytest.approx(
        float(last), rel=1e-4
    )


def test_the_template_brings_its_tokens_once(tmp_path):
    rm = load(save_reward_model(tmp_path / "once"))
    from workers.runtime.reward import _conversation

    found = rm.tokenizer.decode(_conversation(rm, ASKED, "No").ids)

    assert found == "<|user|>Why?<|end|><|assistant|>No<|end|>"


def test_a_long_conversation_loses_its_beginning_and_says_so(tmp_path):
    rm = load(save_reward_model(tmp_path / "long"))
    long = [{"role": "user", "content": "x" * 400}]

    (((_place, found),),) = list(rewards(rm, [(long, "No")]))
    (((_place, same),),) = list(rewards(rm, [([{"role": "user", "content": "x" * 600}], "No")]))

    assert found.flags == ("truncated",)
    assert found.value == same.value


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_response_gets_no_reward_and_a_flag(tmp_path, text):
    rm = load(save_reward_model(tmp_path / "empty"))

    (((_place, found),),) = list(rewards(rm, [(ASKED, text)]))

    assert (found.value, found.flags) == (None, ("empty",))


def test_weights_that_are_not_finite_give_no_reward_and_a_flag(tmp_path):
    rm = load(save_reward_model(tmp_path / "broken"))
    with torch.no_grad():
        rm.model.score.weight.fill_(float("nan"))

    (((_place, found),),) = list(rewards(rm, [(ASKED, "No")]))

    assert (found.value, found.flags) == (None, ("not_finite",))


def test_a_classifier_of_many_classes_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="gives 3 numbers"):
        load(save_reward_model(tmp_path / "classes", labels=3))


def test_a_language_model_without_a_head_for_rewards_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="lacks weights"):
        load(save_tiny_model(tmp_path / "headless"))


def test_a_pair_model_reads_both_orders_and_each_batch_alike(tmp_path):
    rm = load(save_reward_model(tmp_path / "pairs", "deberta-v2", template=False))
    asked = [(ASKED, one, other) for one in ANSWERS for other in ANSWERS if one != other]

    together = values(pair_logits(rm, asked))

    assert together == pytest.approx([values(pair_logits(rm, [one]))[0] for one in asked], rel=1e-4, abs=1e-6)
    assert len(set(together)) == len(asked)


def test_a_pair_model_cuts_long_responses_and_refuses_what_its_window_does_not_hold(tmp_path):
    rm = load(save_reward_model(tmp_path / "window", "deberta-v2", template=False))

    (((_place, found),),) = list(pair_logits(rm, [(ASKED, "x" * 300, "y")]))

    assert (found.value, found.flags) == (None, ("too_long",))


def test_a_classifier_without_a_template_reads_two_texts(tmp_path):
    rm = load(save_reward_model(tmp_path / "two", "deberta-v2", template=False))

    assert rm.template_hash == "two-texts"
    assert all(value is not None for value in values(rewards(rm, [(ASKED, text) for text in ANSWERS])))
