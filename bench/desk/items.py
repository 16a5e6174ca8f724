"""Deterministic pairs of the length of real ones: two responses of about 150 tokens to one short prompt."""

from __future__ import annotations

import random
from collections.abc import Iterator

TEXT = """
the of and to a in is that for it as with be on by this are or from an at which can not have will
more if when use one you your has but all they each other some time into than model answer question
data result system example method value service test error memory water energy cell plant country
market price team student teacher language story paper recipe sugar oven travel ticket plan health
sleep contract tax loan planet light engine battery sensor garden soil season storm river forest
carbon fuel atom mixture pressure
"""
WORDS = TEXT.split()
WORDS_EACH = 125


def pair(number: int) -> dict[str, str]:
    """Item ``number``; its prompt begins with the number in brackets, by which a driver knows it again."""
    draw = random.Random(number)
    return {
        "id": f"pair-{number}",
        "prompt": f"[{number}] {sentences(draw, 16)}",
        "response_a": sentences(draw, WORDS_EACH),
        "response_b": sentences(draw, WORDS_EACH),
    }


def pairs(begin: int, end: int) -> Iterator[dict[str, str]]:
    return (pair(number) for number in range(begin, end))


def sentences(draw: random.Random, words: int) -> str:
    """Prose in paragraphs, the last one now and then a list."""
    parts: list[str] = []
    while words > 0:
        length = min(words, draw.randint(8, 20))
        text = " ".join(draw.choices(WORDS, k=length))
        parts.append(text[0].upper() + text[1:] + ".")
        words -= length
    paragraphs = [parts[place : place + 4] for place in range(0, len(parts), 4)]
    listed = draw.random() < 0.3
    return "\n\n".join(
        "\n".join(f"- {one}" for one in some) if listed and some is paragraphs[-1] else " ".join(some)
        for some in paragraphs
    )
