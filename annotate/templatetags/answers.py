"""Stored answers and settled values in a line of words, about the candidates as stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext

from annotate.language import said

register = template.Library()
DASH = "–"


@register.filter
def in_words(value: Any) -> str:
    """``{{ answer|in_words }}``: ``[[2], [0, 1]]`` as "2 > 0 = 1", a rating as "0: helpfulness 4"."""
    if value is None or value == [] or value == {}:
        return DASH
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


@register.filter
def settled_words(made: Mapping[str, Any]) -> str:
    """The value that the judges came to on one question."""
    if made.get("kind") == "preference":
        mean = made.get("preference")
        verdict = said(made["verdict"])
        return verdict if mean is None else f"{verdict}, {mean:+.2f}"
    return in_words(made.get("value"))


def _list(value: list[Any]) -> str:
    if all(isinstance(group, list) for group in value):
        return " > ".join(" = ".join(str(one) for one in group) for group in value)
    if all(isinstance(span, Mapping) for span in value):
        return "; ".join(
            gettext("%(side)s: %(label)s at %(start)s to %(end)s") % (span | {"side": span["candidate"]})
            for span in value
        )
    return ", ".join(str(one) for one in value)


def _mapping(value: Mapping[str, Any]) -> str:
    if any(isinstance(entry, Mapping) for entry in value.values()):
        return "; ".join(f"{name}: {in_words(entry)}" for name, entry in value.items())
    if all(str(name).isdecimal() for name in value):
        return "; ".join(f"{name}: {in_words(entry)}" for name, entry in value.items())
    return ", ".join(f"{name} {in_words(entry)}" for name, entry in value.items())
