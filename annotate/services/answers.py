"""One validation of answers for desk, API and import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from annotate.enums import QuestionKind
from annotate.errors import InvalidAnswer
from annotate.models import Question

STRENGTHS = (-3, -2, -1, 1, 2, 3)


def clean_answers(*, questions: Iterable[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as they are stored, or raise InvalidAnswer naming the question and the cure.

    Answers to keys that are no question of the project are refused; a required question must be answered.
    """
    asked = {question.key: question for question in questions}
    unknown = sorted(set(answers) - set(asked))
    if unknown:
        raise InvalidAnswer(
            "There is no such question in this project.",
            field=unknown[0],
            cure="Answer the project's questions.",
        )
    cleaned: dict[str, Any] = {}
    for key, question in asked.items():
        value = answers.get(key)
        if value is None or value == "":
            if question.required:
                raise InvalidAnswer(
                    "This question needs an answer.", field=key, cure="Choose one of its answers."
                )
            continue
        cleaned[key] = clean_answer(question=question, value=value)
    return cleaned


def clean_answer(*, question: Question, value: Any) -> Any:
    if question.kind == QuestionKind.PREFERENCE:
        return clean_preference(value, field=question.key, options=question.options)
    return clean_text(value, field=question.key, options=question.options)


def clean_preference(value: Any, *, field: str, options: Mapping[str, Any]) -> int | str:
    """A strength of −3..3 without 0, "tie" or "neither"; 0 is another way to say tie."""
    if not isinstance(value, bool) and isinstance(value, int) and value in STRENGTHS:
        return value
    if (
        value == "tie" or (isinstance(value, int) and not isinstance(value, bool) and value == 0)
    ) and options.get("tie", True):
        return "tie"
    if value == "neither" and options.get("neither", True):
        return "neither"
    raise InvalidAnswer(
        "This is not a preference.", field=field, cure='Give a whole number from -3 to 3, "tie" or "neither".'
    )


def clean_text(value: Any, *, field: str, options: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise InvalidAnswer("This answer must be text.", field=field, cure="Send a string.")
    longest = int(options.get("max_length", 20_000))
    if len(value) > longest:
        raise InvalidAnswer(
            "This answer is too long.", field=field, cure=f"Keep it under {longest:,} characters."
        )
    if "\x00" in value or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise InvalidAnswer("This text has characters no database keeps.", field=field, cure="Remove them.")
    return value
