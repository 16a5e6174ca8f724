from __future__ import annotations

import math

import pytest
import torch

from curation.numerics.ches import ches, ln_ches
from workers.runtime.hidden import Pair, gram, summed

ASKED = [{"role": "user", "content": "Why?"}]


def scored(tiny, first, second, prompt=ASKED, **options):
    return next(gram(tiny, [Pair(prompt, first, second)], **options))


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


def test_sums_agree_with_the_whole_model_read_the_reference_way(tiny):
    first, second = "Because it is so.", "Nobody knows."
    row = scored(tiny, first, second)

    sums = []
    for text in (first, second):
        prompt, answer = tiny.prompt_ids(ASKED), tiny.text_ids(text)
        with torch.inference_mode():
            out = tiny.model(torch.tensor([prompt + answer]), output_hidden_states=True)
        sums.append(out.hidden_states[-1][0, len(prompt) - 1 :].double().sum(0))

    assert row.cross == pytest.approx(float(sums[0] @ sums[1]), rel=1e-5)
    assert row.square_first == pytest.approx(float(sums[0] @ sums[0]), rel=1e-5)
    assert row.square_second == pytest.approx(float(sums[1] @ sums[1]), rel=1e-5)
    assert (row.n_first, row.n_second) == (len(first) + 1, len(second) + 1)


def test_swapping_the_responses_swaps_the_scalars_and_keeps_the_identity(tiny):
    row, swapped = scored(tiny, "Yes, it is.", "No."), scored(tiny, "No.", "Yes, it is.")

    assert (swapped.cross, swapped.square_first, swapped.square_second) == (
        pytest.approx(row.cross),
        row.square_second,
        row.square_first,
    )
    total = ches(row.cross, row.square_first) + ches(row.cross, row.square_second)
    assert total == pytest.approx(-(row.square_first + row.square_second - 2 * row.cross))
    assert total <= 0


def test_a_pair_scores_the_same_alone_and_among_others(tiny):
    pairs = [
        Pair(ASKED, "One.", "Two, longer."),
        Pair(ASKED, "Three", "Four"),
        Pair(ASKED, "A b c", "d e f g"),
    ]

    together = list(gram(tiny, pairs))

    assert together == [next(gram(tiny, [pair])) for pair in pairs]


def test_identical_responses_score_exactly_zero_and_say_so(tiny):
    row = scored(tiny, "The same.", "The same.")

    assert row.cross == row.square_first == row.square_second
    assert (ches(row.cross, row.square_first), row.edit, row.flags) == (0.0, 0.0, ("identical",))


@pytest.mark.parametrize(("first", "second"), [("", "something"), ("something", ""), ("", "")])
def test_an_empty_response_gives_no_number_and_a_flag(tiny, first, second):
    row = scored(tiny, first, second)

    assert (row.cross, row.square_first, row.edit, row.flags) == (None, None, None, ("empty",))


def test_an_empty_prompt_gives_no_number_and_a_flag(tiny):
    assert scored(tiny, "a", "b", prompt=[{"role": "user", "content": " "}]).flags == ("no_prompt",)


def test_a_long_response_is_cut_on_the_right_and_says_so(tiny):
    row = scored(tiny, "abcdefghij", "xyz", max_tokens=4)

    assert (row.flags, row.n_first, row.n_second) == (("truncated",), 5, 4)
    assert row.cross == scored(tiny, "abcd", "xyz").cross


def test_weights_that_are_not_finite_give_no_number(tiny_folder, tmp_path):
    from transformers import LlamaForCausalLM

    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import ModelFolder

    broken = LlamaForCausalLM.from_pretrained(tiny_folder)
    with torch.no_grad():
        broken.model.norm.weight.fill_(math.nan)
    broken.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (tiny_folder / name).exists():
            (tmp_path / name).write_bytes((tiny_folder / name).read_bytes())

    row = scored(load_language_model(ModelFolder(tmp_path, "broken", "1" * 40)), "a", "b")

    assert (row.cross, row.flags) == (None, ("not_finite",))


def test_token_edit_distance_is_over_the_longer_response(tiny):
    assert scored(tiny, "kitten", "sitting").edit == pytest.approx(3 / 7)
