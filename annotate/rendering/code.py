"""Colour for code: Pygments' short class names, for the languages that people and models write most."""

from __future__ import annotations

from functools import cache
from typing import Any

from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

# Longer listings stay plain: a lexer's cost is its own, and nobody reads colours in a wall.
MAX_CHARACTERS = 8_000
LANGUAGES = {
    "bash": "bash", "sh": "bash", "shell": "bash", "c": "c", "h": "c", "cpp": "cpp", "c++": "cpp",
    "cs": "csharp", "csharp": "csharp", "css": "css", "diff": "diff", "dockerfile": "docker", "go":
    "go", "golang": "go", "haskell": "haskell", "html": "html", "ini": "ini", "java": "java",
    "javascript": "javascript", "js": "javascript", "json": "json", "julia": "julia", "kotlin":
    "kotlin", "lua": "lua", "makefile": "make", "matlab": "matlab", "php": "php", "py": "python",
    "python": "python", "python3": "python", "r": "r", "rb": "ruby", "ruby": "ruby", "rs": "rust",
    "rust": "rust", "scala": "scala", "sql": "sql", "swift": "swift", "tex": "latex", "latex":
    "latex", "toml": "toml", "ts": "typescript", "typescript": "typescript", "xml": "xml", "yaml":
    "yaml", "yml": "yaml",
}  # fmt: skip
CLASSES = frozenset(STANDARD_TYPES.values()) - {""}


@cache
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)


@cache
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True)


def colour_code(code: str, language: str, _attributes: Any = "") -> str:
    """Markup of the listing with a span for each coloured token, or "" where it is to stay plain."""
    name = LANGUAGES.get(language.strip().lower())
    if name is None or len(code) > MAX_CHARACTERS:
        return ""
    from pygments import highlight

    return str(highlight(code, _lexer(name), _formatter()))
