from __future__ import annotations

import math
from collections import deque

import pytest
import torch
import transformers

from workers.runtime import decoding
from workers.runtime.decoding import Draw, decode
from workers.runtime.generation import (
    GenerationSpec,
    generate,
    generate_each,
    generate_many,
    nearly_alike,
    prompt_ids,
)
from workers.runtime.sampling import Sampling, choose, uniform

ASKED = [{"role": "user", "content": "Say something."}]
FREE = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12}


def texts(made):
    return [one.text for one in made]


def test_the_same_seed_gives_the_same_texts_whatever_ran_before(tiny):
    first = generate(tiny, ASKED, k=3, seed=5, **FREE)
    torch.manual_seed(99)
    generate(tiny, [{"role": "user", "content": "Other."}], k=2, seed=1, **FREE)

    assert texts(generate(tiny, ASKED, k=3, seed=5, **FREE)) == texts(first)


def test_another_seed_gives_other_texts(tiny):
    assert texts(generate(tiny, ASKED, k=2, seed=1, **FREE)) != texts(
        generate(tiny, ASKED, k=2, seed=2, **FREE)
    )


def test_candidates_of_one_prompt_differ(tiny):
    made = generate(tiny, ASKED, k=4, seed=3, **FREE)

    assert len(set(texts(made))) == 4


def test_greedy_copies_are_flagged_as_duplicates(tiny):
    made = generate(tiny, ASKED, k=2, seed=0, temperature=0, top_p=1.0, max_new_tokens=6)

    assert made[0].text == made[1].text
    assert ["duplicate" in one.flags for one in made] == [False, True]


def test_a_text_cut_at_the_limit_says_so(tiny):
    made = generate(tiny, ASKED, k=1, seed=0, temperature=1.0, top_p=1.0, max_new_tokens=2)[0]

    assert made.tokens <= 2
    assert (made.finish == "length") == ("truncated" in made.flags)


def test_sampling_leaves_the_callers_randomness_alone(tiny):
    torch.manual_seed(4)
    expected = torch.rand(3).tolist()
    torch.manual_seed(4)
    generate(tiny, ASKED, k=1, seed=0, **FREE)

    assert torch.rand(3).tolist() == expected


def test_a_prompt_that_fills_the_window_is_refused(tiny):
    with pytest.raises(ValueError, match="window"):
        generate(tiny, [{"role": "user", "content": "x" * 600}], k=1, seed=0, **FREE)


MANY = [[{"role": "user", "content": "Say " + "more " * n}] for n in (1, 9, 3, 0, 14, 6, 2)]
SPEC = GenerationSpec(k=2, temperature=1.0, top_p=0.9, max_new_tokens=20)


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_a_text_does_not_depend_on_its_neighbours_in_the_batch(tiny, rows):
    seeds = list(range(len(MANY)))
    alone = [dict(generate_each(tiny, SPEC, [one], [seed]))[0] for one, seed in zip(MANY, seeds, strict=True)]

    together = dict(generate_each(tiny, SPEC, MANY, seeds, rows=rows))

    assert [texts(together[place]) for place in seeds] == [texts(one) for one in alone]


def test_greedy_decoding_writes_what_the_model_itself_would(tiny):
    asked = [tiny.prompt_ids(one) for one in MANY]
    made = decode(tiny, deque(Draw(ids, 0, 15, place) for place, ids in enumerate(asked)), Sampling(0, 1))

    for one in made:
        ids = torch.tensor([asked[one.draw.tag]])
        out = tiny.model.generate(ids, max_new_tokens=15, do_sample=False, pad_token_id=0)
        own = out[0, ids.shape[1] :].tolist()
        assert one.tokens == own[: own.index(0)] if 0 in own else own


@pytest.mark.parametrize("top_p", [1.0, 0.6])
def test_tokens_are_drawn_with_their_probabilities(top_p):
    shares = torch.tensor([0.5, 0.25, 0.15, 0.1])
    draws = 20_000
    seeds = torch.arange(draws)

    chosen = choose(shares.log().expand(draws, 4), seeds, seeds * 0 + 3, Sampling(1.0, top_p))

    found = torch.bincount(chosen, minlength=4) / draws
    expected = shares if top_p == 1 else torch.tensor([2 / 3, 1 / 3, 0, 0])
    assert torch.allclose(found, expected, atol=4 * math.sqrt(0.25 / draws))


def test_the_nucleus_is_the_same_when_the_whole_vocabulary_must_be_sorted():
    torch.manual_seed(0)
    flat = torch.randn(4, 5000) * 0.01
    seeds, steps = torch.arange(4), torch.zeros(4, dtype=torch.int64)

    chosen = choose(flat, seeds, steps, Sampling(1.0, 0.5))

    ranks = (flat > flat.gather(1, chosen[:, None])).sum(dim=1)
    assert (ranks < 2600).all()
    assert (choose(flat, seeds, steps, Sampling(1.0, 0.01)) != chosen).any()


def test_random_numbers_are_even_and_differ_by_seed_step_and_token():
    one = torch.tensor(7)
    found = uniform(one, one, torch.arange(100_000))

    assert (found > 0).all()
    assert (found < 1).all()
    assert float(found.mean()) == pytest.approx(0.5, abs=0.005)
    assert float(found.var()) == pytest.approx(1 / 12, abs=0.002)
    changed = [uniform(one + 1, one, one), uniform(one, one + 1, one), uniform(one, one, one + 1)]
    assert len({float(value) for value in [uniform(one, one, one), *changed]}) == 4


def test_a_stop_string_ends_a_text_and_is_left_out(tiny):
    whole = generate(tiny, ASKED, seed=4, k=1, **FREE)[0].text
    mark = whole[4:6]

    made = generate(tiny, ASKED, seed=4, k=1, stop=(mark,), **FREE)[0]

    assert (made.text, made.finish, made.flags) == (whole[: whole.index(mark)].strip(), "stop", ())


def test_texts_that_are_nearly_alike_are_drawn_again_and_flagged_in_the_end():
    long = "The quick brown fox jumps over the lazy dog near the river bank today."

    assert nearly_alike(long, long.upper().replace(" ", "  "))
    assert nearly_alike(long, long.replace("today", "todays"))
    assert not nearly_alike(long, long[: len(long) // 2])
    assert not nearly_alike("Yes.", "No.")


def test_copies_are_redrawn_before_they_are_kept(tiny):
    """Texts of one character repeat themselves by chance."""
    made = generate(tiny, ASKED, seed=1, k=6, temperature=0.15, top_p=1.0, max_new_tokens=1)

    assert len(made) == 6
    kept = [one for one in made if not {"duplicate", "near_duplicate", "empty"} & set(one.flags)]
    assert len({one.text for one in kept}) == len(kept)


def test_a_prompt_without_room_gets_nothing_and_the_others_are_answered(tiny):
    prompts = [ASKED, [{"role": "user", "content": "x" * 600}]]

    made = dict(generate_each(tiny, SPEC, prompts, [1, 2]))

    assert (len(made[0]), made[1]) == (2, [])


def test_each_prompt_gets_as_many_as_it_lacks(tiny):
    made = dict(generate_each(tiny, SPEC, MANY[:3], [1, 2, 3], wanted=[0, 1, 3]))

    assert [len(made[place]) for place in range(3)] == [0, 1, 3]


def test_a_system_prompt_is_put_before_what_has_none(tiny):
    own = [{"role": "system", "content": "Mine."}, *ASKED]

    assert prompt_ids(tiny, ASKED, "Be brief.") == tiny.prompt_ids(
        [{"role": "system", "content": "Be brief."}, *ASKED]
    )
    assert prompt_ids(tiny, own, "Be brief.") == tiny.prompt_ids(own)


def test_when_memory_runs_out_fewer_rows_are_written_at_once(tiny, monkeypatch):
    expected = generate_many(tiny, MANY, seeds=range(7), k=1, **FREE)
    start = decoding._Batch.start.__func__

    def limited(cls, lm, draws, sampling):
        if len(draws) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return start(cls, lm, draws, sampling)

    monkeypatch.setattr(decoding._Batch, "start", classmethod(limited))

    made = generate_many(tiny, MANY, seeds=range(7), k=1, **FREE)

    assert [texts(one) for one in made] == [texts(one) for one in expected]


def test_the_caller_can_end_the_work_between_two_tokens(tiny, monkeypatch):
    class Gone(Exception):
        pass

    def alive():
        raise Gone

    monkeypatch.setattr(decoding, "BEAT_SECONDS", 0.0)

    with pytest.raises(Gone):
        list(generate_each(tiny, SPEC, MANY, range(7), alive=alive))


def test_layers_that_keep_more_than_keys_are_left_as_they_are(tiny_folder, tmp_path):
    """A sliding window: rows leave the batch, and none is put beside them."""
    from tests.workers.runtime.test_hidden import copy_tokenizer
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import ModelFolder

    plain = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder)
    told = plain.config.to_dict() | {"sliding_window": 8, "model_type": "mistral"}
    torch.manual_seed(1)
    transformers.MistralForCausalLM(transformers.MistralConfig(**told)).save_pretrained(tmp_path)
    copy_tokenizer(tiny_folder, tmp_path)
    lm = load_language_model(ModelFolder(tmp_path, "sliding", "9" * 40))

    together = generate_many(lm, MANY, seeds=range(7), k=1, **FREE)

    alone = [generate(lm, one, seed=seed, k=1, **FREE) for seed, one in enumerate(MANY)]
    assert [texts(one) for one in together] == [texts(one) for one in alone]
