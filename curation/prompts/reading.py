"""Reading a reply: only the verdict's own field counts, and what is not exactly a verdict is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite

# Less than half of the probability on the labels means that the model answered something else.
MIN_MASS = 0.5
LONGEST = 8_000
DECORATION = r"[\s*_`\"'()\[\].:]*"


@dataclass(frozen=True, slots=True)
class Reading:
    """Shares of the labels, which sum to one, and the probability that any of them was said."""

    shares: dict[str, float]
    mass: float

    @property
    def valid(self) -> bool:
        return self.mass >= MIN_MASS

    @property
    def likeliest(self) -> str:
        return max(self.shares, key=lambda label: self.shares[label])


def read_logprobs(logprobs: Mapping[str, float], labels: Sequence[str]) -> Reading | None:
    """From the likeliest first tokens; every spelling of a label with blanks around it counts. None where no
    label is among them."""
    said = dict.fromkeys(labels, 0.0)
    for token, value in logprobs.items():
        if token.strip() in said and value <= 0 and isfinite(value):
            said[token.strip()] += exp(value)
    mass = sum(said.values())
    if mass <= 0:
        return None
    return Reading({label: value / mass for label, value in said.items()}, min(mass, 1.0))


def read_text(text: str, labels: Sequence[str], *, reply: str) -> Reading | None:
    """The label that a reply gives, or None.

    "letter": the whole reply is the label, with nothing but punctuation around it. "json": the whole reply is
    one object (a code fence around it is let pass) whose ``verdict`` is the label; a doubled key is no
    answer. A reply that repeats the question, or a candidate that spells out a verdict, is neither.
    """
    if len(text) > LONGEST:
        return None
    label = _letter(text, labels) if reply == "letter" else _verdict(text, labels)
    return None if label is None else Reading({one: float(one == label) for one in labels}, 1.0)


def _letter(text: str, labels: Sequence[str]) -> str | None:
    named = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    found = re.fullmatch(rf"{DECORATION}(?:Response\s+|Option\s+)?({named}){DECORATION}", text)
    return found[1] if found else None


def _verdict(text: str, labels: Sequence[str]) -> str | None:
    body = re.fullmatch(r"\s*(?:```(?:json)?\s*)?(\{.*\})\s*(?:```)?\s*", text, re.DOTALL)
    if body is None:
        return None
    try:
        found = json.loads(body[1], object_pairs_hook=_single)
    except (ValueError, RecursionError):
        return None
    said = found.get("verdict")
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    return said.strip() if isinstance(said, str) and said.strip() in labels else None


def _single(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
