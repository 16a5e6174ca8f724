"""Plain paragraphs, which most of what is judged begins with, told apart from text that needs a parser.

Markdown's rules can only touch a block of text that holds one of its marks or begins like one of its blocks.
A block that does neither is its own words between <p> and </p>, and a blank line ends it for good.
"""

from __future__ import annotations

import re

# No mark of Markdown, of markup or of mathematics, nothing that a sanitiser would rewrite; no line that
# begins like a list, a rule, a heading, a table or a listing, and no blank at the end of one.
_LINE = (
    r"(?![-+=:\d\s])[^\n`*_~<>&\\$|#\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\ufeff\ufffd-\uffff"
    r"\ud800-\udfff]*(?<!\s)"
)
_PARAGRAPH = re.compile(rf"{_LINE}(?:\n{_LINE})*")
_BLANK = re.compile(r"\n{2,}")
# Brackets are words, unless an address or a name follows them somewhere.
_LINKS = re.compile(r"\][\[(:]")


def split_paragraphs(text: str) -> tuple[list[str], str]:
    """The plain paragraphs that the text begins with, and the rest, which is empty or needs a parser."""
    if _LINKS.search(text):
        return [], text
    plain: list[str] = []
    at = 0
    while at < len(text):
        gap = _BLANK.search(text, at)
        end = gap.start() if gap else len(text)
        if end == at or not _PARAGRAPH.fullmatch(text, at, end):
            return plain, text[at:]
        plain.append(text[at:end])
        at = gap.end() if gap else len(text)
    return plain, ""
