"""What code says in English, in the language of who reads the page.

Readers, rules, numbers and workers know nobody who reads: they refuse in English, in sentences that go to the
API and to commands, and are kept with jobs. A page looks such a sentence up in the catalogue, as it stands or
by its shape, "Only {0} items were judged"; what stands in the gap is taken over.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

from annotate.errors import WinnowError

GAP = re.compile(r"{(\d)}")
# Where one sentence ends and another begins.
BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z])")
WORD = re.compile(r"[A-Za-z]")
# Nothing that code says is longer; text from elsewhere may be, and would be tried for long.
LONGEST = 1000


def said(sentence: object) -> str:
    """The sentence in the active language; as it is where the catalogue does not have it."""
    text = str(sentence or "")
    language = get_language() or "en"
    if not text or language.startswith("en"):
        return text
    found = gettext(text)
    return found if found != text or len(text) > LONGEST else _by_shape(text, language)


def refusal(trouble: WinnowError) -> str:
    """What is wrong and what to do."""
    return f"{said(trouble.message)} {said(trouble.cure)}".strip()


def _by_shape(text: str, language: str) -> str:
    for shape, words in _shapes(language):
        # What has no word of its own, as "{0}: {1}", joins parts: sentences are parted before.
        met = shape.fullmatch(text) if WORD.search(words) or not BETWEEN.search(text) else None
        if met is not None:
            # A gap may hold a sentence of its own: the reason why a judge was stopped. A name has no spaces.
            return _filled(words, [said(gap) if " " in gap else gap for gap in met.groups()])
    sentences = BETWEEN.split(text)
    return " ".join(map(said, sentences)) if len(sentences) > 1 else text


def _filled(words: str, gaps: list[str]) -> str:
    return GAP.sub(lambda gap: gaps[int(gap.group(1))], words)


@cache
def _shapes(language: str) -> list[tuple[re.Pattern[str], str]]:
    """The catalogue's sentences with gaps and their translations, the wordiest first."""
    # As Django's own catalogue for scripts reads it: there is no other way to all of it.
    written = translation(language)._catalog  # type: ignore[attr-defined]  # private, see above
    shaped = [one for one in written.keys() if isinstance(one, str) and "{0}" in one]  # noqa: SIM118  # its own keys(); it is no dict
    shaped.sort(key=lambda one: (-len(GAP.sub("", one)), one))
    return [(_shape(one), written[one]) for one in shaped]


def _shape(sentence: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, GAP.split(sentence)[::2])), re.DOTALL)
