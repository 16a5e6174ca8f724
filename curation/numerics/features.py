"""What can be read off a text without a model: repetition, markup, refusals, names and numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from curation.numerics.refusals import is_refusal

TOKEN = re.compile(r"\w+|[^\w\s]+")
WORD = re.compile(r"\w+(?:['’]\w+)*")
# What may not stand before a number is looked at behind its first digit: the search goes from digit to digit.
NUMBER = re.compile(r"\d(?<![\w.,]\d)\d*(?:[.,]\d+)*(?!\w)")
# A run of capitalised words; the little words that stand inside names may lie between.
NAME = re.compile(r"\b[^\W\d_a-z]\w*(?:(?:\s+(?:of|de|van|von|der|the|la|le))?\s+[^\W\d_a-z]\w*)*")
# Words that open sentences far more often than they open names.
OPENERS = frozenset(
    """
    a an and are as at but by can could did do does for from had has have he her his how however i if in is it
    its let may my no not of on or our she should so some such that the their then there these they this
    those to was we were what when where which who why will with would yes you your
    """.split()  # noqa: SIM905  # forty words read better than forty strings
)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
LIST_ITEM = re.compile(r"^\s{0,8}(?:[-*+•]|\d{1,3}[.)]|[a-zA-Z][.)])\s+\S")
MARKDOWN = re.compile(
    r"^ {0,3}(?:#{1,6}\s|>\s?|\|.*\||(?:[-*_]\s?){3,}$)|\*\*[^*\n]+\*\*|`[^`\n]+`|\[[^\]\n]+\]\([^)\n]+\)"
)


@dataclass(frozen=True, slots=True)
class Features:
    """Of one text. Shares lie in 0..1, and are of lines but for ``distinct_trigrams``.

    ``tokens`` are runs of word characters or of punctuation, ``words`` runs of anything but white space.
    ``distinct_trigrams`` is the share of token trigrams that are distinct, 1 where there is none (the
    repetition term of Kim et al., "Rethinking the Role of Proxy Rewards in Language Model Alignment", arXiv
    2402.03469).
    """

    characters: int
    words: int
    tokens: int
    distinct_trigrams: float
    lists: float
    code: float
    markdown: float
    refuses: bool


def features_of(text: str) -> Features:
    tokens = TOKEN.findall(text)
    lists, code, markdown = markup_shares(text)
    return Features(
        characters=len(text),
        words=len(text.split()),
        tokens=len(tokens),
        distinct_trigrams=distinct_share(tokens, 3),
        lists=lists,
        code=code,
        markdown=markdown,
        refuses=is_refusal(text),
    )


def distinct_share(tokens: Sequence[Hashable], n: int) -> float:
    """Distinct n-grams over all n-grams; 1 for a sequence too short to have one."""
    grams = list(zip(*(tokens[start:] for start in range(n)), strict=False))
    return len(set(grams)) / len(grams) if grams else 1.0


def markup_shares(text: str) -> tuple[float, float, float]:
    """Shares of the lines that are not blank: items of lists, code between fences, other Markdown."""
    lines = lists = code = markdown = 0
    fence = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        lines += 1
        edge = FENCE.match(line)
        if fence or edge:
            code += 1
            if edge and (not fence or edge[1].startswith(fence)):
                fence = "" if fence else edge[1]
        elif LIST_ITEM.match(line):
            lists += 1
        elif MARKDOWN.search(line):
            markdown += 1
    whole = max(lines, 1)
    return lists / whole, code / whole, markdown / whole


def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text, without the commas of thousands."""
    return frozenset(found.replace(",", "") for found in NUMBER.findall(text))


def names_in(text: str) -> frozenset[str]:
    """Runs of capitalised words, lower-cased: a cheap stand-in for named entities in scripts with capitals.

    A single word that opens a sentence has its capital from there and is passed over.
    """
    found = set()
    for run in NAME.finditer(text):
        words = run[0].lower().split()
        before = text[: run.start()].rstrip(" \t*#>\"'(-")
        if len(words) == 1 and (not before or before[-1] in ".!?:\n"):
            continue
        while words and words[0] in OPENERS:
            words = words[1:]
        if words:
            found.add(" ".join(words))
    return frozenset(found)


def overlap(first: frozenset[str], second: frozenset[str]) -> float | None:
    """Shared over all (Jaccard 1901); None where neither side has any."""
    every = first | second
    return len(first & second) / len(every) if every else None


def words_of(text: str) -> list[str]:
    # Letters that become two when they are made small would come apart, were they made so before.
    return WORD.findall(text.lower()) if text.isascii() else [word.lower() for word in WORD.findall(text)]


def rouge_1(first: Sequence[str], second: Sequence[str]) -> float:
    """F1 of shared words counted with repetition (Lin, ROUGE, 2004); two empty sides are equal."""
    if not first and not second:
        return 1.0
    there = Counter(second)
    shared = sum(min(count, there[word]) for word, count in Counter(first).items())
    return 2 * shared / (len(first) + len(second))


def rouge_l(first: Sequence[str], second: Sequence[str]) -> float:
    """F1 of the longest common subsequence of words (Lin, ROUGE, 2004); two empty sides are equal."""
    if not first and not second:
        return 1.0
    return 2 * LCSseq.similarity(first, second) / (len(first) + len(second))
