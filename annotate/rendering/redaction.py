"""Hide who is speaking: phrases in which a model names itself or its maker.

People judge answers better when they do not know whose they are. The stored text is never changed; what is
shown has the name replaced by words of one length, and places in what is shown lead back to what is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

WITHHELD = "[name withheld]"

_MODELS = (
    r"(?:Chat)?GPT(?:[- ]?[345](?:\.\d)?[a-z]?(?:[- ](?:turbo|mini|nano))?)?|"
    r"Claude(?:[- ][\d.]+)?(?:[- ](?:Opus|Sonnet|Haiku))?|Alpaca|Vicuna|Mi[sx]tral(?:[- ]\d\w+)?|Qwen[\w.]*|"
    r"DeepSeek[\w.-]*|ERNIE(?: Bot)?|ChatGLM[\w.-]*|GLM[-\w.]*|Kimi|Grok|StableLM|OpenAssistant|"
    r"Open[- ]Assistant|T[uü]lu|OLMo|SmolLM\w*|Phi-\d[\w.-]*|Command[- ]R\+?|Bing Chat"
)
# Also words of their own: only where the sentence speaks of an assistant or a model.
_WORDS = (
    r"Gemini|Bard|Gemma|Llama(?:[- ]?\d[\w.]*)?(?:[- ]?[Cc]hat)?|Koala|Dolly|Copilot|Falcon|Nova|Pi|Bing|"
    r"Zephyr|Yi|Aya|Hermes"
)
_MAKERS = (
    r"OpenAI|Anthropic|Google(?: DeepMind| AI)?|DeepMind|Meta(?: AI)?|Facebook|Microsoft|Mistral(?: AI)?|"
    r"Alibaba(?: Cloud)?|Baidu|DeepSeek|Moonshot(?: AI)?|xAI|LMSYS|LAION|Databricks|Stability AI|Cohere|"
    r"Hugging ?Face|Zhipu(?: AI)?|the Allen Institute for AI|AI2|Ai2|01\.AI|Amazon|NVIDIA|Nous Research|"
    r"Inflection(?: AI)?"
)
_SAYS = r"(?:\b[Aa]s|\bI['’]m|\bI am|\b[Mm]y name is|\b[Cc]all me)\s+(?:an?\s+|the\s+)?"
_MADE = (
    r"\b(?:created|made|developed|trained|built|designed|powered|produced|provided|released)(?:\s+and\s+\w+)?\s+by\s+"
    r"(?:(?:researchers|engineers)\s+(?:at|from)\s+|the\s+team\s+at\s+)?"
)
_NAMED = re.compile(rf"{_SAYS}(?P<name>{_MODELS})(?![\w-])")
_AMBIGUOUS = re.compile(rf"{_SAYS}(?P<name>{_WORDS})(?![\w-])")
_MAKER = re.compile(rf"{_MADE}(?P<name>{_MAKERS})(?![\w-])")
_SENTENCE_END = re.compile(r"[!?\n]|\.(?=\s|$)")
# A sentence about oneself, and a sentence about oneself as a machine: others keep the names they speak of.
_OF_ONESELF = re.compile(r"\b(?:I|me|my|My)\b")
_OF_A_MODEL = re.compile(r"\b(?:AI|model|assistant|chatbot|[Ii] was|I am|I['’]m)\b")


@dataclass(frozen=True, slots=True)
class Cut:
    """``source[start:end]`` is shown as WITHHELD, from ``shown`` on. All in code points."""

    start: int
    end: int
    shown: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text as it is shown, and the places where it differs from what is stored."""

    text: str
    cuts: tuple[Cut, ...]

    def source_offset(self, shown: int, *, end: bool = False) -> int:
        """The position in the stored text; inside a withheld name its start, or its ``end``."""
        shift = 0
        for cut in self.cuts:
            if shown <= cut.shown:
                break
            if shown < cut.shown + len(WITHHELD):
                return cut.end if end else cut.start
            shift = cut.end - cut.shown - len(WITHHELD)
        return shown + shift

    def shown_offset(self, source: int, *, end: bool = False) -> int:
        """The position in the shown text: the other way round."""
        shift = 0
        for cut in self.cuts:
            if source <= cut.start:
                break
            if source < cut.end:
                return cut.shown + (len(WITHHELD) if end else 0)
            shift = cut.shown + len(WITHHELD) - cut.end
        return source + shift


@lru_cache(maxsize=512)
def redact_identity(text: str) -> Redacted:
    """The text without the names by which its writer gives itself away."""
    places = sorted({found.span("name") for found in _found(text)})
    parts, cuts, at, length = [], [], 0, 0
    for start, end in places:
        if start < at:
            continue
        parts += [text[at:start], WITHHELD]
        length += start - at
        cuts.append(Cut(start, end, length))
        length += len(WITHHELD)
        at = end
    return Redacted("".join([*parts, text[at:]]), tuple(cuts))


def _found(text: str) -> list[re.Match[str]]:
    """Matches in sentences in which somebody speaks of themselves."""
    found = [one for one in _NAMED.finditer(text) if _OF_ONESELF.search(_sentence(text, one))]
    for pattern in (_AMBIGUOUS, _MAKER):
        for one in pattern.finditer(text):
            sentence = _sentence(text, one)
            if _OF_A_MODEL.search(sentence) and _speaks(sentence, pattern):
                found.append(one)
    return found


def _speaks(sentence: str, pattern: re.Pattern[str]) -> bool:
    """A maker is named by who says what they are: "a language model trained by …" needs no "I"."""
    if _OF_ONESELF.search(sentence):
        return pattern is _MAKER or bool(re.search(r"\b(?:AI|model|assistant|chatbot)\b", sentence))
    return pattern is _MAKER and bool(re.search(r"\b(?:AI|language) (?:model|assistant)", sentence))


def _sentence(text: str, match: re.Match[str]) -> str:
    start = max(0, match.start() - 300)
    before = [end.end() for end in _SENTENCE_END.finditer(text, start, match.start())]
    after = _SENTENCE_END.search(text, match.end(), match.end() + 300)
    return text[before[-1] if before else start : after.start() if after else match.end() + 300]
