"""The one place where text that somebody else wrote becomes markup.

Markdown is rendered with raw HTML switched off (it is shown as text), and the result then passes a list
of allowed elements and attributes. Two doors, so that a hole in one is closed by the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import nh3
from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

register = template.Library()

# Longer texts are shown as they are: a reader judges them all the same, and no text may hold a page up.
MAX_CHARACTERS = 20_000
MAX_LINES = 1_000
MAX_DELIMITERS = 2_000
NESTING = re.compile(r"^[ \t>*+\-\d.)]{80,}", re.MULTILINE)
OPENERS = re.compile(r"[\[\]<`*_~|]")
RUNS = re.compile(r"([\[!<`*_~>])\1{31,}")

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
    "em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
ABSOLUTE = re.compile(r"(https?://|mailto:)", re.IGNORECASE)

ROLE_NAMES = {"user": "Person", "assistant": "Assistant", "system": "Instructions", "tool": "Tool"}


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _alt_text)
    return parser


def _alt_text(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    """An image is never fetched: a request would tell its host who reads what."""
    return escape(renderer.renderInlineAsText(tokens[index].children or [], options, env))


def _keep_absolute(tag: str, name: str, value: str) -> str | None:
    """A link that leads to a place on this server was written by nobody who knows this server."""
    return value if name != "href" or ABSOLUTE.match(value) else None


def render_prose(text: str) -> SafeString:
    """Return the text as safe markup: Markdown where that is cheap, else the plain text."""
    if is_heavy(text):
        return plain_prose(text)
    try:
        dirty = _markdown().render(text)
    except (RecursionError, ValueError, IndexError):
        # The parser met something it does not expect; the reader still has to see the text.
        return plain_prose(text)
    clean = nh3.clean(
        dirty,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_keep_absolute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        generic_attribute_prefixes=set(),
        strip_comments=True,
    )
    return mark_safe(clean)  # noqa: S308  # went through the allow-list above


def plain_prose(text: str) -> SafeString:
    return format_html('<div class="plain">{}</div>', text)


def is_heavy(text: str) -> bool:
    """Whether rendering could take long: size, deep nesting, or long runs of what opens a span."""
    if len(text) > MAX_CHARACTERS or text.count("\n") > MAX_LINES:
        return True
    if NESTING.search(text) or RUNS.search(text):
        return True
    return len(OPENERS.findall(text)) > MAX_DELIMITERS


@register.filter
def prose(text: object) -> SafeString:
    """``{{ text|prose }}``: rendered, sanitised Markdown."""
    return render_prose(str(text or ""))


@register.filter
def turn_role(role: object) -> str:
    """The word over a turn of a conversation."""
    word = str(role)
    return ROLE_NAMES.get(word, word[:40].capitalize())
