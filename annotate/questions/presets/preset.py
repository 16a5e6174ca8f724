from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotate.questions.questionnaire import Questionnaire, parse_question, put_together
from annotate.questions.settle_rules import SettleRules, parse


@dataclass(frozen=True, slots=True)
class Preset:
    """``questions``, ``consistency`` and ``settling`` as a project keeps them; ``overlap`` is the least
    number of people asked, ``overlap_max`` the most where they differ; ``flow`` are the rules of the flow
    that belong to it."""

    name: str
    title: str
    about: str
    source: str
    questions: tuple[Mapping[str, Any], ...]
    consistency: tuple[Mapping[str, Any], ...] = ()
    settling: Mapping[str, Any] = field(default_factory=dict)
    overlap: int = 1
    overlap_max: int | None = None
    flow: Mapping[str, Any] = field(default_factory=dict)

    def questionnaire(self) -> Questionnaire:
        """The questions put together; raises InvalidSetting if they did not fit, which a test rules out."""
        return put_together([parse_question(**question) for question in self.questions], self.consistency)

    def settle_rules(self) -> SettleRules:
        return parse(self.settling, self.questionnaire())


def question(key: str, kind: str, text: str, *, required: bool = True, **options: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "text": text, "required": required, "options": options}


def named(**entries: str) -> list[dict[str, str]]:
    """Values with their words: ``named(minor="A small harm")``."""
    return [{"value": value, "text": text} for value, text in entries.items()]


def explained(**entries: tuple[str, str]) -> list[dict[str, str]]:
    """Values with a title and what it means."""
    return [{"value": value, "text": text, "help": help_} for value, (text, help_) in entries.items()]
