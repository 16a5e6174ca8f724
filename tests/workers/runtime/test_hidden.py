"""CHES' ingredients: the hand case, the reference way, and what must not change a digit that matters."""

from __future__ import annotations

import math

import pytest
import torch

from curation.numerics.ches import ches, ln_ches
from workers.runtime import packing
from workers.runtime.hidden import Group, measure, measure_all, summed
from workers.runtime.loading import load_language_model
from workers.runtime.packaged import ModelFolder
from workers.runtime.packing import Row, packs

ASKED = [{"role": "user", "content": "Why?"}]
LONGER = [*ASKED, {"role": "assistant", "content": "What?"}, {"role": "user", "content": "I ask you."}]


def measured(lm, *responses, prompt=ASKED, **options):
    return measure_all(lm, [Group(prompt, responses)], **options)[0]


def ln(found, chosen=0, rejected=1):
    return ln_ches(
        found.cross[chosen][rejected],
        found.cross[chosen][chosen],
        found.counts[chosen],
        found.counts[rejected],
    )


def test_the_hand_case_of_the_definition():
    # Two dimensions; the last prompt vector is the first of the response's, the end token's is not given.
    chosen = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 2.0]])
    rejected = torch.tensor([[9.0, 9.0], [2.0, 1.0], [0.0, 1.0]])
    plus = summed(chosen, 2)
    # The rejected response is one vector longer: [1,0], [2,1], [0,1].
    minus = summed(torch.cat([rejected[:1], torch.tensor([[1.0, 0.0]]), rejected[1:]]), 2)

    assert (plus.tolist(), minus.tolist()) == ([1.0, 2.0], [3.0, 2.0])
    assert ches(float(plus @ minus), float(plus @ plus)) == 2.0
    assert ln_ches(float(plus @ minus), float(plus @ plus), 2, 3) == pytest.approx(-1 / 12)


@pytest.fixture(params=["llama", "qwen2", "gemma", "gpt2"])
def other(request, tiny_folder, tmp_path):
    """Two random layers of another family, with the tiny tokenizer."""
    import transformers

    torch.manual_seed(3)
    vocabulary = len(transformers.AutoTokenizer.from_pretrained(tiny_folder))
    shape = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 256,
        "eos_token_id": 0,
        "pad_token_id": 0,
    }
    if request.param == "gpt2":
        shape = {"vocab_size": vocabulary, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
    config = transformers.AutoConfig.for_model(request.param, **shape)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    copy_tokenizer(tiny_folder, tmp_path)
    return load_language_model(ModelFolder(tmp_path, request.param, "2" * 40))


def copy_tokenizer(source, target):
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (source / name).exists():
            (target / name).write_bytes((source / name).read_bytes())


def reference(lm, prompt, text):
    """The published way: the whole sequence through the whole model, all layers' states kept."""
    asked, answer = lm.prompt_ids(prompt), lm.text_ids(text)
    with torch.inference_mode():
        out = lm.model(torch.tensor([asked + answer]), output_hidden_states=True)
    return out.hidden_states[-1][0, len(asked) - 1 :].double().sum(0)


def test_sums_agree_with_the_whole_model_read_the_reference_way(other):
    responses = ("Because it is so.", "Nobody knows.", "x")
    found = measured(other, *responses)

    sums = torch.stack([reference(other, ASKED, text) for text in responses])
    assert torch.allclose(torch.tensor(found.cross, dtype=torch.float64), sums @ sums.T, rtol=1e-4)
    assert found.counts == tuple(len(other.text_ids(text)) + 1 for text in responses)


def with_prefix_cache(lm, row):
    """The prompt once with its keys and values kept, each response continued from them."""
    from transformers import DynamicCache

    parts = []
    with torch.inference_mode():
        for place, response in enumerate(row.responses):
            cache = DynamicCache(config=lm.model.config)
            out = lm.backbone(torch.tensor([row.prompt]), past_key_values=cache, use_cache=True)
            parts += [out.last_hidden_state[0]] if place == 0 else []
            after = lm.backbone(torch.tensor([response]), past_key_values=cache, use_cache=True)
            parts.append(after.last_hidden_state[0])
    return torch.cat(parts)


def test_packed_in_either_layout_is_two_passes_is_a_prefix_cache(other):
    rows = [
        Row(tuple(range(5, 5 + prompt)), (tuple(range(9, 9 + first)), tuple(range(30, 30 + second))))
        for prompt, first, second in ((12, 7, 20), (3, 40, 1), (60, 2, 9))
    ]
    with torch.inference_mode():
        ways = {
            "segments": packing._segments(other, rows),
            "padded rows": packing._padded(other, rows),
            "one by one": [packing._apart(other, row) for row in rows],
            "prefix cache": [with_prefix_cache(other, row) for row in rows],
        }

    assert packs(other)
    for way in ways.values():
        for mine, theirs in zip(way, ways["one by one"], strict=True):
            assert torch.allclose(mine, theirs, rtol=1e-3, atol=1e-4)


def test_a_row_longer_than_a_sliding_window_is_run_apart(tiny_folder, tmp_path):
    import transformers

    plain = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder)
    config = transformers.MistralConfig(
        **(plain.config.to_dict() | {"sliding_window": 16, "model_type": "mistral"})
    )
    torch.manual_seed(1)
    transformers.MistralForCausalLM(config).save_pretrained(tmp_path)
    copy_tokenizer(tiny_folder, tmp_path)
    lm = load_language_model(ModelFolder(tmp_path, "sliding", "3" * 40))
    long, short = "a rather long answer, past the window", "no"

    found = measured(lm, long, short)

    sums = torch.stack([reference(lm, ASKED, text) for text in (long, short)])
    assert torch.allclose(torch.tensor(found.cross, dtype=torch.float64), sums @ sums.T, rtol=1e-4)


def test_a_recurrent_model_is_run_sequence_by_sequence(tiny_folder, tmp_path):
    import transformers

    torch.manual_seed(1)
    vocabulary = len(transformers.AutoTokenizer.from_pretrained(tiny_folder))
    config = transformers.MambaConfig(
        vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, eos_token_id=0
    )
    transformers.MambaForCausalLM(config).save_pretrained(tmp_path)
    copy_tokenizer(tiny_folder, tmp_path)
    lm = load_language_model(ModelFolder(tmp_path, "recurrent", "4" * 40))

    found = measured(lm, "Yes it is.", "No.")

    assert not packs(lm)
    sums = torch.stack([reference(lm, ASKED, text) for text in ("Yes it is.", "No.")])
    assert torch.allclose(torch.tensor(found.cross, dtype=torch.float64), sums @ sums.T, rtol=1e-4)


def test_swapping_the_responses_swaps_the_scalars_and_keeps_the_identity(tiny):
    found, swapped = measured(tiny, "Yes, it is.", "No."), measured(tiny, "No.", "Yes, it is.")

    assert swapped.cross == tuple(tuple(reversed(row)) for row in reversed(found.cross))
    cross, (first, second) = found.cross[0][1], (found.cross[0][0], found.cross[1][1])
    total = ches(cross, first) + ches(cross, second)
    assert total == pytest.approx(-(first + second - 2 * cross))
    assert total <= 0


def test_of_k_responses_each_pair_scores_as_it_does_alone(tiny):
    responses = ("One.", "Two, longer.", "", "Four!", "One.")
    together = measured(tiny, *responses)

    assert (together.flags, together.counts) == (("empty", "identical"), (5, 13, 1, 6, 5))
    assert together.cross[2] == (None,) * 5
    assert together.cross[0] == together.cross[4]
    alone = measured(tiny, "One.", "Four!")
    assert (ln(together, 0, 3), ln(together, 3, 0)) == pytest.approx((ln(alone), ln(alone, 1, 0)), rel=1e-4)


@pytest.mark.parametrize("budget", [1, 40, 4096])
def test_a_pair_scores_the_same_alone_and_among_others(tiny, budget):
    groups = [
        Group(ASKED, ("One.", "Two, longer.")),
        Group(LONGER, ("Three", "Four")),
        Group(ASKED, ("A b c", "d e f g")),
    ]

    together = measure_all(tiny, groups, budget=budget, logprobs=True)

    for found, group in zip(together, groups, strict=True):
        alone = measure_all(tiny, [group], logprobs=True)[0]
        assert ln(found) == pytest.approx(ln(alone), rel=1e-4)
        assert [one.total for one in found.logprobs] == pytest.approx([one.total for one in alone.logprobs])


def test_work_taken_up_again_runs_the_same_batches_and_gives_the_same_digits(tiny):
    groups = [Group(ASKED, ("word " * n, "other " * (9 - n))) for n in range(1, 9)]
    whole = dict(pair for batch in measure(tiny, groups, budget=120) for pair in batch)
    again = dict(pair for batch in measure(tiny, groups, budget=120, skip={0, 3, 5}) for pair in batch)

    assert again == {place: found for place, found in whole.items() if place not in {0, 3, 5}}
    assert list(measure(tiny, groups, skip=set(range(8)))) == []


def test_when_memory_runs_out_the_batch_is_halved_and_all_is_scored(tiny, monkeypatch):
    groups = [Group(ASKED, ("word " * n, "other")) for n in range(1, 6)]
    expected = measure_all(tiny, groups)
    monkeypatch.setattr(packing, "_segments", short_of_memory(packing._segments, rows=2))

    found = measure_all(tiny, groups)

    assert [ln(one) for one in found] == pytest.approx([ln(one) for one in expected], rel=1e-4)


def short_of_memory(run, *, rows):
    """As on a device that holds so many rows and no more."""

    def limited(lm, asked):
        if len(asked) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return run(lm, asked)

    return limited


def test_log_probabilities_are_those_of_the_whole_model(other):
    text = "Because it is so."
    found = measured(other, text, "No.", logprobs=True).logprobs[0]

    asked, answer = other.prompt_ids(ASKED), other.text_ids(text)
    with torch.inference_mode():
        logits = other.model(torch.tensor([asked + answer])).logits[0, len(asked) - 1 :]
    said = torch.log_softmax(logits.double(), dim=-1)
    tokens = said[torch.arange(len(answer)), answer]
    expected = tokens - torch.logsumexp(2 * said, dim=-1)[:-1]
    assert found.total == pytest.approx(float(tokens.sum()), rel=1e-5)
    assert (found.tokens, found.mean) == (len(answer), pytest.approx(float(tokens.mean()), rel=1e-5))
    assert found.end == pytest.approx(float(said[-1, other.tokenizer.eos_token_id]), rel=1e-4)
    assert found.excess == pytest.approx(float(expected.mean()), rel=1e-4, abs=1e-6)


def test_log_probabilities_are_there_when_asked_for_only(tiny):
    assert measured(tiny, "a", "b").logprobs is None
    assert measured(tiny, "a", "", logprobs=True).logprobs[1] is None


def test_identical_responses_score_exactly_zero_and_say_so(tiny):
    found = measured(tiny, "The same.", "The same.")

    assert found.cross[0] == found.cross[1]
    assert (ches(found.cross[0][1], found.cross[0][0]), found.edit[0][1]) == (0.0, 0.0)
    assert found.flags == ("identical",)


@pytest.mark.parametrize(("first", "second"), [("", "something"), ("something", ""), ("", "")])
def test_an_empty_response_gives_no_number_and_a_flag(tiny, first, second):
    found = measured(tiny, first, second)

    assert (found.cross[0][1], found.edit[0][1], found.flags) == (None, None, ("empty",))


@pytest.mark.parametrize(("text", "flag"), [(" ", "no_prompt"), ("x" * 600, "long_prompt")])
def test_a_prompt_that_is_empty_or_fills_the_window_gives_no_number_and_a_flag(tiny, text, flag):
    found = measured(tiny, "a", "b", prompt=[{"role": "user", "content": text}], logprobs=True)

    assert (found.cross, found.logprobs) == (((None, None), (None, None)), (None, None))
    assert found.flags == (flag,)


def test_a_long_response_is_cut_on_the_right_and_says_so(tiny):
    found = measured(tiny, "abcdefghij", "xyz", max_tokens=4)

    assert (found.flags, found.counts) == (("truncated",), (5, 4))
    assert found.cross == measured(tiny, "abcd", "xyz").cross


def test_weights_that_are_not_finite_give_no_number(tiny_folder, tmp_path):
    from transformers import LlamaForCausalLM

    broken = LlamaForCausalLM.from_pretrained(tiny_folder)
    with torch.no_grad():
        broken.model.norm.weight.fill_(math.nan)
    broken.save_pretrained(tmp_path)
    copy_tokenizer(tiny_folder, tmp_path)

    found = measured(load_language_model(ModelFolder(tmp_path, "broken", "1" * 40)), "a", "b", logprobs=True)

    assert (found.cross[0][1], found.logprobs, found.flags) == (None, (None, None), ("not_finite",))


def test_a_tokenizer_that_merges_across_the_boundary_does_not_move_it(tiny_folder, tmp_path):
    """ "?" and "a" are one token to this tokenizer; the prompt still ends where it ends."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    characters = sorted({*"<|>abWhy?\n "})
    vocabulary = {token: place for place, token in enumerate(["[UNK]", *characters, "?a"])}
    merging = Tokenizer(models.BPE(vocabulary, [("?", "a")], unk_token="[UNK]"))
    merging.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(tokenizer_object=merging, unk_token="[UNK]", eos_token="[UNK]")
    fast.chat_template = "{{ messages[0]['content'] }}"
    LlamaForCausalLM.from_pretrained(tiny_folder).save_pretrained(tmp_path)
    fast.save_pretrained(tmp_path)
    lm = load_language_model(ModelFolder(tmp_path, "merging", "5" * 40))

    found = measured(lm, "ab", "b")

    assert len(lm.text_ids("Why?ab")) == len("Why?ab") - 1
    assert found.counts == (3, 2)
    sums = torch.stack([reference(lm, ASKED, text) for text in ("ab", "b")])
    assert torch.allclose(torch.tensor(found.cross, dtype=torch.float64), sums @ sums.T, rtol=1e-4)


def test_token_edit_distance_is_over_the_longer_response(tiny):
    assert measured(tiny, "kitten", "sitting").edit[0][1] == pytest.approx(3 / 7)
