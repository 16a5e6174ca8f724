"""Questions drawn once: with nothing answered yet, a question looks the same for every item of a project."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotate.selectors.asked import AskedQuestion

register = template.Library()


@register.simple_tag
def draw(question: AskedQuestion, bare: bool = False) -> SafeString:
    """The question with its fields; ``bare``: its words are there for screen readers only."""
    return _drawn(question, bare, get_language())


@lru_cache(maxsize=256)
def _drawn(question: AskedQuestion, bare: bool, language: str | None) -> SafeString:
    """All that the page depends on is in the arguments; the language is read by the template."""
    return render_to_string("annotate/_question.html", {"question": question, "bare": bare})
