from __future__ import annotations

import pytest

from curation.numerics.refusals import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I can’t assist with this request.",
        "I cannot provide instructions for that.",
        "As an AI language model, I do not have opinions.",
        "I am unable to help.",
        "We won't engage in this.",
        "Thank you for asking. I must decline.",
        "I\ncan not\nhelp you with that.",
    ],
)
def test_what_declines_is_a_refusal(text):
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "You can't divide by zero.",
        "Sorry to hear that! Try restarting it.",
        "The pilot said: we are sorry for the delay.",
        "I can help you write the letter.",
        "I don't know of any better way than sorting first.",
        "First, open the file. " * 20 + "I can't help with the rest.",
    ],
)
def test_what_answers_is_none(text):
    assert not is_refusal(text)
