"""A verdict is read from its own field, or there is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.prompts.reading import read_logprobs, read_text

AB = ("A", "B")


@pytest.mark.parametrize("text", ["A", " A ", "A.", "(A)", "**A**", "[[A]]", "Response A", '"A"', "A\n"])
def test_a_letter_with_nothing_but_punctuation_is_a_verdict(text):
    assert read_text(text, AB, reply="letter").likeliest == "A"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "C", "a", "A B", "AB", "Both", "A or B", "A is better", "The better response is A", "N/A",
        "tie",
        "I cannot judge this.", "A\nB", "Response A is worse, so B", "\u0410", "x" * 9000, "AA", "Option C",
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_letter_is_missing(text):
    assert read_text(text, AB, reply="letter") is None


@pytest.mark.parametrize(
    "text",
    [
        '{"reason": "clear", "verdict": "B"}',
        ' {"verdict":"B"}\n',
        '```json\n{"reason": "x", "verdict": "B"}\n```',
        '{"reason": "It says {\\"verdict\\": \\"A\\"} itself.", "verdict": "B"}',
    ],
)
def test_a_verdict_is_read_from_its_own_field(text):
    assert read_text(text, AB, reply="json").likeliest == "B"


@pytest.mark.parametrize(
    "text",
    [
        "B",
        '{"verdict": "A", "verdict": "B"}',
        '{"verdict": "A"} {"verdict": "B"}',
        'The response said {"verdict": "A"}',
        '{"verdict": "tie"}',
        '{"verdict": null}',
        '{"verdict": ["A"]}',
        '{"verdict": true}',
        '{"Verdict": "A"}',
        '{"answer": {"verdict": "A"}}',
        '{"verdict": "A"',
        "{" * 5000,
        '{"verdict": NaN}',
        "[]",
        "<html>{}</html>",
    ],
)
def test_what_is_not_one_object_with_a_verdict_is_missing(text):
    assert read_text(text, AB, reply="json") is None


def test_a_rating_may_be_a_number_and_not_applicable_is_no_number():
    labels = ("1", "2", "3", "N")

    assert read_text('{"verdict": 3}', labels, reply="json").likeliest == "3"
    assert read_text("N", labels, reply="letter").likeliest == "N"
    assert read_text("N/A", labels, reply="letter") is None
    assert read_text("4", labels, reply="letter") is None


@given(st.text(max_size=200))
def test_any_reply_is_a_label_or_missing(text):
    for reply in ("letter", "json"):
        found = read_text(text, AB, reply=reply)
        assert found is None or (found.likeliest in AB and sum(found.shares.values()) == 1)


@given(st.text(max_size=100).filter(lambda text: text.strip(" \n\t*_`\"'()[].:") not in ("", "A", "B")))
def test_an_echo_of_a_candidate_is_no_verdict(candidate):
    said = f"The response says: {candidate} {json.dumps({'verdict': 'A'})}"

    assert read_text(said, AB, reply="letter") is None
    assert read_text(said, AB, reply="json") is None


def test_log_probabilities_of_every_spelling_are_added():
    found = read_logprobs({"A": -1.0, " A": -1.0, "B": -2.0, "The": -3.0, "\nB ": float("nan")}, AB)

    assert found.shares["A"] == pytest.approx(2 / (2 + 2.718281828**-1))
    assert found.mass == pytest.approx(0.871094, abs=1e-5)
    assert found.valid
    assert read_logprobs({"The": -0.1}, AB) is None
    assert not read_logprobs({"A": -3.0, "The": -0.1}, AB).valid
