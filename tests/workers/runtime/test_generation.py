from __future__ import annotations

import pytest
import torch

from workers.runtime.generation import generate

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
