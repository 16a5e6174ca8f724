"""Whether a response declines to do what was asked, by the words it opens with.

A rule of thumb for English: it marks responses to look at, and decides nothing.
"""

from __future__ import annotations

import re

# A refusal is said at the start; the same words later on mostly report or qualify.
OPENING = 240

_SUBJECT = r"\b(?:i|we)(?:['’]m| am| are|['’]re)?"
_NOT = r"(?:can(?:no|['’])t|can not|won['’]t|will not|do not|don['’]t)"
_REFUSAL = re.compile(
    r"(?:"
    rf"\b(?:i|we) {_NOT} (?:really |actually )?(?:help|assist|comply|provide|answer|do that|support|engage|"
    r"discuss|fulfil|create|generate|offer|continue|give (?:you )?(?:advice|instructions)|feel comfortable|"
    r"participate|write)\b"
    rf"|{_SUBJECT} (?:not able|unable|not comfortable|not allowed|not permitted) (?:to|with)\b"
    rf"|{_SUBJECT} sorry,? but (?:i|we|as)\b"
    rf"|{_SUBJECT} (?:must|have to) (?:decline|refuse)\b"
    rf"|\bas an? (?:ai|language model|artificial intelligence)\b[^.!?]{{0,60}}\b(?:{_NOT}|unable|not able)\b"
    r"|\bit (?:is|would be) (?:not|in)appropriate (?:for me )?to\b"
    r")",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """True where the response opens by declining."""
    # A word and its blank are two characters at least: of more words than that nothing would be left.
    words = text.split(None, OPENING // 2)
    return _REFUSAL.search(" ".join(words)[:OPENING]) is not None
