from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.rendering.redaction import WITHHELD, redact_identity


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("As ChatGPT, I cannot say.", f"As {WITHHELD}, I cannot say."),
        ("Hello! I'm Claude 3.5 Sonnet, an AI.", f"Hello! I'm {WITHHELD}, an AI."),
        ("I am Vicuna. I was trained by LMSYS.", f"I am {WITHHELD}. I was trained by {WITHHELD}."),
        (
            "As a large language model trained by OpenAI, I do not know.",
            f"As a large language model trained by {WITHHELD}, I do not know.",
        ),
        ("My name is Gemini and I am an AI assistant.", f"My name is {WITHHELD} and I am an AI assistant."),
        (
            "I’m Llama 2, an assistant developed by Meta AI.",
            f"I’m {WITHHELD}, an assistant developed by {WITHHELD}.",
        ),
    ],
)
def test_a_model_that_names_itself_is_withheld(text, shown):
    assert redact_identity(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "TensorFlow was developed by Google in 2015.",
        "As ChatGPT grew, schools worried.",
        "I'm a Gemini, born in June.",
        "Call me a llama if you like.",
        "OpenAI and Anthropic make language models.",
    ],
)
def test_a_text_about_somebody_else_keeps_its_names(text):
    assert redact_identity(text).text == text


def test_the_length_of_what_is_withheld_does_not_show():
    assert redact_identity("As Grok, I").text == redact_identity("As ChatGPT, I").text


SPEECH = st.lists(
    st.sampled_from(
        ["As ChatGPT, I ", "I'm Claude. ", "I was made by Meta AI. ", "é👩‍👩‍👧", " words ", "\n"]
    ),
    max_size=12,
).map("".join)


@given(SPEECH, st.data())
def test_places_in_what_is_shown_lead_back_to_what_is_stored(text, data):
    redacted = redact_identity(text)

    for at, character in enumerate(redacted.text):
        source = redacted.source_offset(at)
        inside = any(cut.shown < at < cut.shown + len(WITHHELD) for cut in redacted.cuts)
        at_name = any(cut.shown == at for cut in redacted.cuts)
        if not inside and not at_name:
            assert text[source] == character
            assert redacted.shown_offset(source) == at
    assert redacted.source_offset(len(redacted.text)) == len(text)
    assert redacted.shown_offset(len(text)) == len(redacted.text)
