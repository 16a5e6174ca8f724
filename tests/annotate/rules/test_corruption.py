from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.rules.corruption import KINDS, corrupt, kind_for
from annotate.rules.disagreement import disagreement

TEXT = " ".join(f"word{n}" for n in range(40))


def test_a_cut_text_is_a_beginning_and_a_third_at_most():
    cut = corrupt(TEXT, kind="truncated", seed=1, name="a")

    assert TEXT.startswith(cut)
    assert 6 <= len(cut.split()) <= 14


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1), min_size=12, max_size=60))
def test_a_shuffled_text_has_the_same_words_in_another_order(words):
    text = " ".join(words)
    shuffled = corrupt(text, kind="shuffled", seed=1, name="a")

    assert shuffled is None or (shuffled != text and Counter(shuffled.split()) == Counter(text.split()))


def test_the_answer_to_another_prompt_is_taken_as_it_is():
    assert corrupt(TEXT, kind="elsewhere", seed=1, name="a", other="Paris.") == "Paris."
    assert corrupt(TEXT, kind="elsewhere", seed=1, name="a", other=TEXT) is None
    assert corrupt(TEXT, kind="elsewhere", seed=1, name="a") is None


@pytest.mark.parametrize("kind", ["truncated", "shuffled"])
def test_a_short_text_is_left_alone(kind):
    assert corrupt("Yes, of course.", kind=kind, seed=1, name="a") is None


def test_the_same_names_spoil_the_same_way():
    for kind in ("truncated", "shuffled"):
        first, again, other = (corrupt(TEXT, kind=kind, seed=1, name=name) for name in ("a", "a", "b"))
        assert first == again
        assert kind == "truncated" or first != other
    assert sorted(kind_for(1, "a")) == sorted(KINDS)
    assert len({kind_for(1, str(n))[0] for n in range(30)}) == 3


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no corruption"):
        corrupt(TEXT, kind="louder", seed=1, name="a")


def test_disagreement_is_nothing_where_all_agree_and_most_where_it_is_a_toss_up():
    assert disagreement([2, 3, 1]) == disagreement([]) == disagreement(["tie", "tie"]) == 0
    assert disagreement([-3, 3]) > disagreement([-1, 1]) > disagreement([-1, 1, 1]) > 0
    assert disagreement([1, "neither"]) > 0
