"""Asking a question only after certain answers to an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.kind import Words


@dataclass(frozen=True, slots=True)
class When:
    """Ask when the answer to ``question`` has one of the words ``any_of``.

    The words of an answer: always "answered"; "decided", "tie" or "neither" of a preference; "tied" or
    "untied" of a ranking; the chosen values of a choice; "attribute=point" of a rating; labels and
    severities of spans. Where both questions are per candidate, each candidate decides for itself.
    """

    question: str
    any_of: tuple[str, ...] = ("answered",)

    def holds_for(self, words: Words, *, position: int | None) -> bool:
        """Whether the answer with these words asks the question about a candidate, or about the item."""
        if None in words:
            return self._met(words[None])
        if position is None:
            return any(self._met(said) for said in words.values())
        return self._met(words.get(position, frozenset()))

    def _met(self, said: frozenset[str]) -> bool:
        return not said.isdisjoint(self.any_of)


def parse(raw: Any) -> When:
    raw = settings.an_object(raw, field="when")
    settings.only_keys(raw, ("question", "any_of"), field="when")
    listed = raw.get("any_of", ["answered"])
    if isinstance(listed, str) or not isinstance(listed, Sequence) or not listed:
        settings.refuse("A condition needs answers.", field="when.any_of", cure="List at least one answer.")
    return When(
        question=settings.a_key(raw.get("question"), field="when.question"),
        any_of=tuple(settings.words({"any_of": word}, "any_of", most=130) for word in listed),
    )


def as_dict(when: When) -> Mapping[str, Any]:
    return {"question": when.question, "any_of": list(when.any_of)}
