"""Passages of a response with a label: half-open offsets in Unicode code points, with a hash of the text.

Offsets in code points are what Python's ``text[start:end]`` means; a browser counts UTF-16 units, so its
script converts. The hash says which text they were made on, so that they are never read against another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.keys import text_key
from annotate.questions import settings
from annotate.questions.asked import OfTheItem
from annotate.questions.kind import (
    ANSWERED,
    Fields,
    Words,
    one,
    refusal,
    renamed,
    to_places,
    to_positions,
)
from annotate.questions.settings import Choice
from annotate.questions.subject import LETTERS, Subject

MOST_SPANS = 200
ROWS = 3  # that the page offers without a script
_KEYS = ("candidate", "start", "end", "label", "severity", "text_hash")


@dataclass(frozen=True, slots=True)
class SpansOptions(OfTheItem):
    """``severities`` are levels from least to most; empty where severity is not asked. With ``overlap``
    false, two spans of one candidate may not share a character."""

    labels: tuple[Choice, ...]
    severities: tuple[Choice, ...] = ()
    overlap: bool = True

    @property
    def reads_texts(self) -> bool:
        return True

    def clean(self, value: Any, *, field: str, about: Subject, whole: bool = True) -> list[dict[str, Any]]:
        """The spans by candidate and place, each with the hash of the text it was made on."""
        if not isinstance(value, list | tuple) or len(value) > MOST_SPANS:
            raise refusal(
                "These are no highlights.",
                field=field,
                cure=f"Give a list of at most {MOST_SPANS}, each with candidate, start, end and label.",
            )
        spans = [self._span(entry, f"{field}[{place}]", about) for place, entry in enumerate(value)]
        spans.sort(key=lambda span: (span["candidate"], span["start"], span["end"], span["label"]))
        for before, after in zip(spans, spans[1:], strict=False):
            same = before["candidate"] == after["candidate"]
            if same and not self.overlap and after["start"] < before["end"]:
                raise refusal("Two highlights overlap.", field=field, cure="Shorten one of them.")
            if before == after:
                raise refusal("One passage is highlighted twice.", field=field, cure="Keep one of the two.")
        return spans

    def _span(self, entry: Any, field: str, about: Subject) -> dict[str, Any]:
        if not isinstance(entry, Mapping) or not set(entry) <= set(_KEYS):
            raise refusal(
                "This is no highlight.", field=field, cure=f"Give {', '.join(_KEYS)} and nothing else."
            )
        candidate, start, end = entry.get("candidate"), entry.get("start"), entry.get("end")
        if not _is_integer(candidate) or candidate not in about.positions:
            raise refusal(
                "This is no response of this item.", field=f"{field}.candidate", cure="Name one by its place."
            )
        text = about.texts[candidate]
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
            raise refusal(
                f"This passage lies outside {about.name(candidate)}.",
                field=f"{field}.start",
                cure=f"Count code points from 0; the text has {len(text):,}, and the end is not included.",
            )
        made_on = entry.get("text_hash")
        if made_on is not None and made_on != text_key(text):
            raise refusal(
                "This highlight was made on another text.",
                field=f"{field}.text_hash",
                cure="Load the item again and mark the passage there.",
            )
        return {
            "candidate": candidate,
            "start": int(start),
            "end": int(end),
            "label": self._named(entry.get("label"), self.labels, f"{field}.label"),
            "severity": self._severity(entry.get("severity"), f"{field}.severity"),
            "text_hash": text_key(text),
        }

    def _severity(self, value: Any, field: str) -> str | None:
        if not self.severities and value is None:
            return None
        return self._named(value, self.severities, field)

    def _named(self, value: Any, choices: Sequence[Choice], field: str) -> str:
        values = [choice.value for choice in choices]
        if not isinstance(value, str) or value not in values:
            cure = f"Choose from {', '.join(values)}." if values else "Leave it empty."
            raise refusal("This highlight lacks a name from the list.", field=field, cure=cure)
        return value

    def stored(self, value: Any, order: Sequence[int]) -> Any:
        return _turned(value, to_positions(order))

    def shown(self, value: Any, order: Sequence[int]) -> Any:
        return _turned(value, to_places(order))

    def words(self, value: Any) -> Words:
        given = {span["label"] for span in value} | {span["severity"] for span in value}
        return {None: frozenset({ANSWERED, *(word for word in given if word)})}

    def possible_words(self) -> frozenset[str]:
        return frozenset({ANSWERED, *(choice.value for choice in (*self.labels, *self.severities))})

    def read(self, fields: Fields, name: str, texts: Sequence[str]) -> Any:
        """The script's JSON and the rows of quotes together; what cannot be read is passed on to be
        refused."""
        written = one(fields, name)
        try:
            spans = json.loads(written) if written else []
        except (ValueError, RecursionError):
            return "unreadable"
        if not isinstance(spans, list):
            return "unreadable"
        quoted = [
            _find(fields, f"{name}.{row}", texts)
            for row in range(1, MOST_SPANS + 1)
            if one(fields, f"{name}.{row}.quote")
        ]
        return [_place(span) for span in spans] + quoted

    def write(self, value: Any, name: str) -> dict[str, list[str]]:
        return {name: [json.dumps([_letter(span) for span in value], ensure_ascii=False)]}


def parse(raw: Mapping[str, Any]) -> SpansOptions:
    settings.only_keys(raw, SpansOptions.__slots__, field="options")
    return SpansOptions(
        labels=settings.choices(raw, "labels", least=1),
        severities=settings.choices(raw, "severities", least=0),
        overlap=settings.a_flag(raw, "overlap", True),
    )


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _turned(value: Any, names: Mapping[int, int]) -> Any:
    if not isinstance(value, list | tuple) or not all(isinstance(span, Mapping) for span in value):
        return value
    turned = [{**span, "candidate": renamed(span.get("candidate"), names)} for span in value]
    return sorted(turned, key=lambda span: span["candidate"])


def _place(span: Any) -> Any:
    """The script names a candidate by its letter."""
    if not isinstance(span, Mapping):
        return span
    letter = span.get("candidate")
    if isinstance(letter, str) and len(letter) == 1 and letter in LETTERS:
        return {**span, "candidate": LETTERS.index(letter)}
    return span


def _letter(span: Mapping[str, Any]) -> dict[str, Any]:
    return {**span, "candidate": LETTERS[span["candidate"]]}


def _find(fields: Fields, row: str, texts: Sequence[str]) -> dict[str, Any]:
    """The span of a quoted passage. One that is not in the text gets an empty span, which is refused."""
    quote = one(fields, f"{row}.quote").replace("\r\n", "\n")
    letter = one(fields, f"{row}.side")
    place = LETTERS.find(letter) if letter else -1
    text = texts[place] if 0 <= place < len(texts) else ""
    nth = one(fields, f"{row}.nth")
    start = -1
    for _occurrence in range(int(nth) if nth.isdecimal() and len(nth) < 4 and nth.isascii() else 1):
        start = text.find(quote, start + 1)
        if start < 0:
            break
    return {
        "candidate": place,
        "start": start,
        "end": start + len(quote) if start >= 0 else start,
        "label": one(fields, f"{row}.label"),
        "severity": one(fields, f"{row}.severity") or None,
    }
