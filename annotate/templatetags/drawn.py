"""What the desk shows, drawn once for each shape of it, project and language.

With nothing answered yet, the form of every item of a project is the same but for six short values, and so is
the frame around two responses to one prompt but for the texts. Both are drawn with stand-ins in their places,
kept, and filled in: a label costs no drawing of what does not change.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.template import RequestContext
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from annotate.enums import FlagReason
from annotate.questions.subject import LETTERS, MOST_CANDIDATES
from annotate.selectors.asked import AskedQuestion
from annotate.selectors.desk import DeskItem
from annotate.templatetags.prose import render_prose

register = template.Library()
FORM, ITEM = "annotate/_desk_form.html", "annotate/_desk_item.html"


def _stand_in() -> str:
    """Eighteen digits that no text can know: an address takes them for a key, Markdown for a paragraph."""
    return str(10**17 + secrets.randbelow(10**17))


PK, LEASE, DIGEST, KEY, LENGTH, CSRF = (_stand_in() for _ in range(6))
NAME, PLACE, TOTAL, PROMPT = (_stand_in() for _ in range(4))
SIDES = [_stand_in() for _ in range(MOST_CANDIDATES)]
_ANY = "|".join((PK, LEASE, DIGEST, KEY, LENGTH, CSRF, NAME, PLACE, TOTAL, PROMPT, *SIDES))
_STANDS = re.compile(rf"<p>({_ANY})</p>\n|({_ANY})")

# What comes before the first stand-in; then for each what it was (a paragraph, or bare) and what follows it.
Gaps = tuple[str, tuple[tuple[str | None, str, str], ...]]


@dataclass(frozen=True, slots=True)
class _Project:
    slug: str = ""
    name: str = NAME


@dataclass(frozen=True, slots=True)
class _Lease:
    pk: str = PK
    lease_token: str = LEASE


@dataclass(frozen=True, slots=True)
class _Side:
    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class _Blank:
    """What the templates read of an item, with stand-ins for what differs."""

    questions: tuple[AskedQuestion, ...] = ()
    is_plain: bool = False
    main: AskedQuestion | None = None
    sides: tuple[_Side, ...] = ()
    turns: tuple[dict[str, str], ...] = ({"role": "user", "content": PROMPT},)
    assignment: _Lease = _Lease()
    digest: str = DIGEST
    submission_key: str = KEY
    characters: str = LENGTH


@register.simple_tag(takes_context=True)
def desk_item(context: RequestContext) -> SafeString:
    """The prompt and the responses of the item in ``shown``."""
    shown: DeskItem = context["shown"]
    if not _is_usual(shown):
        return _afresh(ITEM, context)
    values = {
        NAME: context["project"].name,
        PLACE: str(context["place"]),
        TOTAL: str(context["total"]),
        PROMPT: shown.turns[0]["content"],
    }
    values |= {stand: side.text for stand, side in zip(SIDES, shown.sides, strict=False)}
    return _filled(_drawn_item(len(shown.sides), get_language()), values)


@register.simple_tag(takes_context=True)
def verdict_form(context: RequestContext) -> SafeString:
    """The form with its questions, for the item in ``shown``."""
    shown: DeskItem = context["shown"]
    if shown.given or context["trouble"] or context["unlikely"]:
        return _afresh(FORM, context)
    slug, suggests = context["project"].slug, context["suggests"]
    drawn = _drawn_form(slug, shown.questions, shown.main, shown.is_plain, suggests, get_language())
    values = {
        PK: str(shown.assignment.pk),
        LEASE: str(shown.assignment.lease_token),
        DIGEST: shown.digest,
        KEY: str(shown.submission_key),
        LENGTH: str(shown.characters),
        CSRF: str(context["csrf_token"]),
    }
    return _filled(drawn, values)


def _is_usual(shown: DeskItem) -> bool:
    """One prompt of a person's, and responses that are text and nothing else."""
    alone = len(shown.turns) == 1 and shown.turns[0]["role"] == "user" and not shown.images
    return alone and not shown.marks_text and not any(side.turns or side.images for side in shown.sides)


def _gaps(drawn: str) -> Gaps:
    """Where the stand-ins were: looked for once, for looking costs more than all the rest of filling in."""
    first, *rest = _STANDS.split(drawn)
    return first, tuple(zip(rest[::3], rest[1::3], rest[2::3], strict=True))


def _filled(gaps: Gaps, values: dict[str, str]) -> SafeString:
    """A stand-in that was made a paragraph is given as Markdown, a bare one escaped."""
    parts = [gaps[0]]
    for prose, bare, after in gaps[1]:
        parts.append(render_prose(values[prose]) if prose else escape(values[bare]))
        parts.append(after)
    return mark_safe("".join(parts))  # noqa: S308  # both ways of filling in give safe markup


def _afresh(name: str, context: RequestContext) -> SafeString:
    given: Any = context.flatten()
    return render_to_string(name, given)


@lru_cache(maxsize=64)
def _drawn_item(sides: int, language: str | None) -> Gaps:
    """All that the frame depends on is in the arguments; the language is read by the template."""
    shown = _Blank(sides=tuple(map(_Side, LETTERS, SIDES[:sides])))
    given = {"project": _Project(), "shown": shown, "place": PLACE, "total": TOTAL}
    return _gaps(render_to_string(ITEM, given))


@lru_cache(maxsize=128)
def _drawn_form(
    slug: str,
    questions: tuple[AskedQuestion, ...],
    main: AskedQuestion | None,
    is_plain: bool,
    suggests: bool,
    language: str | None,
) -> Gaps:
    """All that the form depends on is in the arguments; the language is read by the template."""
    given = {"suggests": suggests, "flag_reasons": FlagReason.choices, "csrf_token": CSRF}
    shown = _Blank(questions, is_plain, main)
    return _gaps(render_to_string(FORM, given | {"project": _Project(slug), "shown": shown}))
