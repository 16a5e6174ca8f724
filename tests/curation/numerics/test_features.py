"""What is read off a text without a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py3langid import classify

from curation.numerics.features import (
    features_of,
    markup_shares,
    names_in,
    numbers_in,
    overlap,
    rouge_1,
    rouge_l,
)  # fmt: skip
from curation.numerics.language import languages_of

DEMO = Path(__file__).resolve().parents[3] / "demo" / "pairs.jsonl"
WORDS = st.lists(st.sampled_from("abcde"), max_size=12)


def test_three_of_four_trigrams_are_distinct():
    found = features_of("a b c a b c")

    assert (found.distinct_trigrams, found.tokens) == (0.75, 6)
    assert features_of("two words").distinct_trigrams == 1.0


def test_lines_are_lists_code_or_markdown():
    text = "# Title\n\n- one\n2. two\n\n```python\nx = 1\n```\nplain and simple"

    assert markup_shares(text) == (2 / 7, 3 / 7, 1 / 7)
    assert markup_shares("") == (0.0, 0.0, 0.0)


def test_names_and_numbers_are_found_and_compared():
    assert names_in("The river Seine flows through Paris. It passes the University of Oxford?") == {
        "seine", "paris", "university of oxford",
    }  # fmt: skip
    assert numbers_in("1,000 people paid 2.50 in 1999, v2 did not") == {"1000", "2.50", "1999"}
    assert overlap(frozenset("ab"), frozenset("bc")) == 1 / 3
    assert overlap(frozenset(), frozenset()) is None


def test_rouge_counts_shared_words_and_their_order():
    one, other = ["the", "cat", "sat", "on", "the", "mat"], ["the", "mat", "sat", "on", "the", "cat"]

    assert rouge_1(one, other) == 1.0
    assert rouge_l(one, other) == 4 / 6
    assert (rouge_1([], []), rouge_l([], ["a"])) == (1.0, 0.0)


@given(WORDS, WORDS)
def test_rouge_is_the_same_from_both_sides_and_order_only_lowers_it(one, other):
    assert rouge_1(one, other) == rouge_1(other, one)
    assert rouge_l(one, other) == rouge_l(other, one) <= rouge_1(one, other) <= 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Das ist ein ganz gewöhnlicher deutscher Satz.", "de"),
        ("This is a plain English sentence about bread.", "en"),
        ("Il pleut souvent à Brest, même en été.", "fr"),
        ("12345 67890", None),
    ],
)
def test_the_language_is_known_by_its_letters(text, language):
    assert languages_of([text]) == [language]


def test_many_languages_at_once_are_those_of_one_by_one():
    rows = [json.loads(line) for line in DEMO.read_text().splitlines()]
    texts = [side["text"] for row in rows for side in row["candidates"]]
    texts += [
        "Straße und Äpfel, e\u0301te\u0301 " * 9,
        "SHOUTED AT ALL OF THEM",
        "\U00010c80" * 20,
        "你好世界" * 9,
    ]
    classified = [classify(text[:1000])[0] for text in texts]

    assert languages_of(texts) == classified
    assert len(set(classified)) > 3
