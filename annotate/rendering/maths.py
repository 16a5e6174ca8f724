"""Mathematics inside Markdown: found on the server and marked, drawn in the browser by KaTeX.

Delimiters are those that language models write: ``$…$``, ``$$…$$``, ``\\(…\\)`` and ``\\[…\\]``. The rule
for a single dollar is pandoc's: no space inside the delimiters and no digit after the closing one, so that
prices stay prices. The source keeps its delimiters: whoever has no script reads exactly what was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

LONGEST = 4_000
BLOCKS = {"$$": "$$", "\\[": "\\]"}
CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}


def add_maths(parser: MarkdownIt) -> None:
    """Teach the parser mathematics, as spans and as blocks of class ``maths``."""
    parser.inline.ruler.before("escape", "maths", _span)
    parser.block.ruler.before(
        "fence", "maths", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.add_render_rule("maths_span", _draw_span)
    parser.add_render_rule("maths_block", _draw_block)


def _opener(text: str, start: int) -> str:
    for opener in CLOSERS:
        if text.startswith(opener, start):
            return opener
    return ""


def _span(state: StateInline, silent: bool) -> bool:
    opener = _opener(state.src, state.pos)
    if not opener:
        return False
    begin = state.pos + len(opener)
    end = _closing(state, opener, begin)
    if end < 0:
        return False
    stop = end + len(CLOSERS[opener])
    if not silent:
        token = state.push("maths_span", "", 0)
        token.content = state.src[state.pos : stop]
    state.pos = stop
    return True


def _closing(state: StateInline, opener: str, begin: int) -> int:
    """Where the formula ends, or -1. What was looked for in vain is remembered: a text of openers costs no
    more than one search for each kind."""
    vain = state.env.setdefault("maths_vain", {})
    if vain.get((opener, state.posMax, len(state.src)), len(state.src) + 1) <= begin:
        return -1
    closer, place = CLOSERS[opener], begin
    limit = min(state.posMax, begin + LONGEST)
    while (place := state.src.find(closer, place, limit)) >= 0:
        if place > begin and state.src[place - 1] != "\\" and _fits(state.src, opener, begin, place):
            return place
        if opener == "$" and state.src[place - 1] != "\\":
            return -1  # a price, then another
        place += len(closer)
    if begin + LONGEST >= state.posMax:
        vain[(opener, state.posMax, len(state.src))] = begin
    return -1


def _fits(text: str, opener: str, begin: int, end: int) -> bool:
    if opener != "$":
        return bool(text[begin:end].strip())
    after = text[end + 1 : end + 2]
    return not text[begin].isspace() and not text[end - 1].isspace() and not after.isdigit()


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Lines between ``$$`` and ``$$``, or ``\\[`` and ``\\]``: the first opens, the last closes."""
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    opener = next((one for one in BLOCKS if first.startswith(one)), "")
    if not opener:
        return False
    lines, size = [first], 0
    rest = first[len(opener) :]
    for number in range(start_line, end_line):
        if number > start_line:
            rest = _line(state, number)
            lines.append(rest)
        size += len(rest)
        if size > LONGEST:
            return False
        if rest.endswith(BLOCKS[opener]) and (number > start_line or len(rest) > len(opener)):
            return _push_block(state, start_line, number, lines, silent)
        if not rest and number > start_line:
            return False
    return False


def _push_block(state: StateBlock, first: int, last: int, lines: list[str], silent: bool) -> bool:
    if not silent:
        token = state.push("maths_block", "", 0)
        token.content = "\n".join(lines)
        token.map = [first, last + 1]
        state.line = last + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _draw_span(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: Any
) -> str:
    return f'<span class="maths">{escape(tokens[index].content)}</span>'


def _draw_block(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: Any
) -> str:
    return f'<div class="maths">{escape(tokens[index].content)}</div>\n'
