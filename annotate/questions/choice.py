"""One or several of a list of values: labels, reasons, confidence, levels of severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.asked import OfEach
from annotate.questions.kind import ANSWERED, Fields, one, refusal
from annotate.questions.settings import Choice


@dataclass(frozen=True, slots=True)
class ChoiceOptions(OfEach):
    """``ordered`` says that the options are levels from least to most, so that a median of them means
    something and a rule may compare them."""

    options: tuple[Choice, ...]
    multiple: bool = False
    per_candidate: bool = False
    ordered: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(option.value for option in self.options)

    def clean_one(self, value: Any, field: str, *, whole: bool, whose: str) -> Any:
        if not self.multiple:
            if isinstance(value, str) and value in self.values:
                return value
            raise refusal("This is none of the answers.", field=field, cure=f"Choose from {self._listed()}.")
        several = isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)
        if not several or not set(value) <= set(self.values) or len(set(value)) < len(value):
            raise refusal(
                "These are not the answers.", field=field, cure=f"List some of {self._listed()}, each once."
            )
        return [option for option in self.values if option in value]

    def _listed(self) -> str:
        return ", ".join(self.values)

    def possible_words(self) -> frozenset[str]:
        return frozenset({ANSWERED, *self.values})

    def read_one(self, fields: Fields, name: str) -> Any:
        if self.multiple:
            return [value for value in fields.get(name, ()) if value]
        return one(fields, name)

    def words_of(self, entry: Any) -> frozenset[str]:
        return frozenset({ANSWERED, *([entry] if isinstance(entry, str) else entry)})

    def write_one(self, entry: Any, name: str) -> dict[str, list[str]]:
        return {name: [entry] if isinstance(entry, str) else list(entry)}


def parse(raw: Mapping[str, Any]) -> ChoiceOptions:
    settings.only_keys(raw, ChoiceOptions.__slots__, field="options")
    return ChoiceOptions(
        options=settings.choices(raw, "options", least=2),
        multiple=settings.a_flag(raw, "multiple", False),
        per_candidate=settings.a_flag(raw, "per_candidate", False),
        ordered=settings.a_flag(raw, "ordered", False),
    )
