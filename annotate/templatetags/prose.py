"""The one place where text that somebody else wrote becomes markup.

Markdown is rendered with raw HTML switched off (it is shown as text), and the result then passes a list
of allowed elements and attributes. Two doors, so that a hole in one is closed by the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import nh3
from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from annotate.rendering.code import CLASSES, colour_code
from annotate.rendering.maths import add_maths
from annotate.rendering.paragraphs import split_paragraphs
from annotate.selectors.images import may_show

register = template.Library()

# Longer texts are shown as they are: a reader judges them all the same, and no text may hold a page up.
MAX_CHARACTERS = 20_000
MAX_LINES = 1_000
MAX_DELIMITERS = 2_000
NESTING = re.compile(r"^[ \t>*+\-\d.)]{80,}", re.MULTILINE)
OPENERS = re.compile(r"[\[\]<`*_~|$]")
RUNS = re.compile(r"([\[!<`*_~>$])\1{31,}")

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
    "em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td", "span", "div", "img",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt"}}
# Said by us for every image: its host is not told where it was seen, and it waits until it is in sight.
IMAGE_MANNERS = {"img": {"referrerpolicy": "no-referrer", "loading": "lazy", "decoding": "async"}}
# Only our own renderers write a class: a word of a listing, or mathematics that the browser will draw.
ALLOWED_CLASSES = {"span": set(CLASSES) | {"maths"}, "div": {"maths"}}
SCHEMES = {"http", "https", "mailto"}
ABSOLUTE = re.compile(r"(https?://|mailto:)", re.IGNORECASE)

ROLE_NAMES = {
    "user": _("Person"),
    "assistant": _("Assistant"),
    "system": _("Instructions"),
    "tool": _("Tool"),
}


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20, "highlight": colour_code})
    parser.enable(["table", "strikethrough"])
    add_maths(parser)
    parser.add_render_rule("image", _image)
    return parser


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    """An image from a host that the site trusts; of any other its words alone: a request would tell its host
    who reads what."""
    words = renderer.renderInlineAsText(tokens[index].children or [], options, env)
    source = str(tokens[index].attrGet("src") or "")
    if not may_show(source):
        return escape(words)
    return format_html('<img src="{}" alt="{}">', source, words)


def _keep_absolute(tag: str, name: str, value: str) -> str | None:
    """A link that leads to a place on this server was written by nobody who knows this server."""
    if name == "src":
        return value if may_show(value) else None
    return value if name != "href" or ABSOLUTE.match(value) else None


@lru_cache(maxsize=256)
def render_prose(text: str) -> SafeString:
    """Return the text as safe markup: Markdown where that is cheap, else the plain text.

    Several judges read the same texts, so the last few hundred are kept.
    """
    if is_heavy(text):
        return plain_prose(text)
    plain, rest = split_paragraphs(text)
    words = "".join(f"<p>{one}</p>\n" for one in plain)
    return mark_safe(words + _parsed(rest) if rest else words)  # noqa: S308  # no mark of markup is in them


def _parsed(text: str) -> SafeString:
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
        allowed_classes=ALLOWED_CLASSES,
        set_tag_attribute_values=IMAGE_MANNERS,
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
    return str(ROLE_NAMES.get(word, word[:40].capitalize()))
