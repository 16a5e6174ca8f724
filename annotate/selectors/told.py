"""Answers in words, for those who read what others answered. About candidates as stored: A is the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotate.questions.questionnaire import Questionnaire
from annotate.questions.subject import LETTERS

STRENGTHS = {
    1: _("{side} slightly {better}"),
    2: _("{side} clearly {better}"),
    3: _("{side} much {better}"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: the question's key and words, and the answer's."""

    key: str
    question: str
    words: str


def told_answers(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> list[Told]:
    """The answers in the order of the questions; what is no question any more comes last, by its key."""
    asked = {spec.key: spec for spec in questionnaire.specs}
    keys = [key for key in asked if key in answers] + sorted(set(answers) - set(asked))
    return [
        Told(
            key,
            asked[key].text if key in asked else key,
            told_answer(asked[key].kind if key in asked else "", answers[key]),
        )
        for key in keys
    ]


def told_answer(kind: str, value: Any) -> str:
    """One answer in words; of a kind not known, as it is."""
    if kind == "preference":
        return _preference(value)
    if kind == "ranking" and isinstance(value, list):
        return " > ".join(" = ".join(_letter(place) for place in group) for group in value)
    if kind == "spans" and isinstance(value, list):
        return ", ".join(
            f"{_letter(one['candidate'])} {one['start']}–{one['end']}: {one['label']}" for one in value
        )
    return _plain(value)


def _preference(value: Any) -> str:
    if isinstance(value, int) and value:
        strength = str(STRENGTHS.get(abs(value), "{side} {better}"))
        return strength.format(side=LETTERS[value > 0], better=gettext("better"))
    return {"tie": gettext("Equal"), "neither": gettext("Neither is acceptable")}.get(str(value), str(value))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_letter(key)}: {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return gettext("does not apply") if value is None else str(value)


def _letter(place: Any) -> str:
    text = str(place)
    return LETTERS[int(text)] if text.isdecimal() and int(text) < len(LETTERS) else text
