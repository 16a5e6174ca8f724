"""The descriptive facets that a project starts with, and keyword rules for where nobody has tagged.

Facets as in HyPER (arXiv 2410.19133, appendix), 63 values; the rules are plain and ours. A tag by a person
or a judge goes before them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from curation.numerics.routing.schema import Facet

SUBJECTS = (
    "anthropology", "history", "linguistics and language", "philosophy", "religion", "economics",
    "geography", "political science", "psychology", "sociology", "biology", "chemistry",
    "earth sciences", "physics", "space sciences", "computer sciences", "logic", "system science",
    "agriculture", "architecture and design", "business", "divinity", "education",
    "chemical engineering", "civil engineering", "electrical engineering",
    "materials science and engineering", "mechanical engineering", "environmental studies and forestry",
    "family and consumer science", "human physical performance and recreation", "journalism",
    "media studies and communication", "law", "library and museum studies", "medicine and health",
    "military sciences", "social work", "transportation", "culinary arts", "literature",
    "performing arts", "visual arts", "mathematics", "public administration", "others",
)  # fmt: skip
SAFETY = ("safe", "low", "moderate", "high")

FACETS = (
    Facet("subject", SUBJECTS),
    Facet("language", ("english",)),
    Facet("expertise", ("general public", "basic domain knowledge", "expert domain knowledge")),
    Facet("open_endedness", ("no", "low", "moderate", "high")),
    Facet("safety", SAFETY),
    Facet("complexity", ("simple", "moderate", "complex")),
    Facet("context", ("none", "given")),
    Facet("format", ("free", "constrained")),
)


def _any(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})", re.IGNORECASE)


_SUBJECT_RULES: Mapping[str, re.Pattern[str]] = {
    "computer sciences": _any(
        r"python|java(?:script)?\b|code\b|program(?:ming)?\b|sql\b|algorithm|software|html"
    ),
    "mathematics": _any(r"equation|integral|algebra|geometr|prime\b|theorem|calculate|derivative|matrix\b"),
    "physics": _any(r"physics|gravity|quantum|velocity|thermodynam|relativity"),
    "chemistry": _any(r"chemi(?:stry|cal)|molecul|reaction\b|acid\b"),
    "biology": _any(r"biolog|cell\b|gene(?:s|tic)|species|evolution|protein"),
    "medicine and health": _any(r"doctor|medic(?:al|ine)|symptom|disease|health|vaccin|therapy\b|diagnos"),
    "law": _any(r"legal|lawyer|contract\b|court\b|statute|lawsuit|liabilit"),
    "history": _any(r"history|histor(?:ic|ian)|century\b|ancient|world war|empire\b"),
    "economics": _any(r"econom|inflation|tax(?:es|ation)?\b|stock market|interest rate|trade deficit"),
    "business": _any(r"business|marketing|startup|customer|company\b|brand\b|invoice|e-?mail to"),
    "culinary arts": _any(r"recipe|cook(?:ing)?\b|bak(?:e|ing)\b|ingredient|dish\b"),
    "literature": _any(r"poem|novel\b|short story|haiku|sonnet|shakespeare|write a story"),
    "psychology": _any(r"psycholog|anxiety|depress|emotion|behaviou?r"),
    "political science": _any(r"politic|government|election|democra|senat(?:e|or)|president"),
    "philosophy": _any(r"philosoph|ethic(?:s|al)|moral\b|metaphysic"),
    "religion": _any(r"religio|bible\b|church\b|quran|buddh|pray"),
    "geography": _any(r"capital of|countr(?:y|ies)\b|continent|river\b|geograph|travel"),
    "education": _any(r"lesson plan|student|teacher|classroom|curriculum|course\b"),
    "linguistics and language": _any(r"grammar|synonym|translat|sentence|verb\b|adjective|rewrite"),
    "performing arts": _any(r"song\b|music|theat(?:re|er)|danc(?:e|ing)\b|lyrics|film\b|movie"),
}
_HIGH_RISK = _any(
    r"suicid|kill (?:him|her|them|my|someone|a )|make a bomb|explosive|self.?harm|child porn|meth\b"
)
_MODERATE_RISK = _any(
    r"steal|hack(?:ing)? into|weapon|illegal|racis|drug(?:s)?\b|poison|insult|hate\b|abus|assault|gun(?:s)?\b"
)
_LOW_RISK = _any(r"medicat|dosage|invest(?:ing|ment)|gambl|alcohol|legal advice|sex(?:ual)?\b|weight loss")
_CREATIVE = _any(r"write|story|poem|imagine|brainstorm|creative|ideas?\b|suggest|essay")
_OPEN = _any(r"why\b|how\b|explain|describe|discuss|compare|opinion|should i")
_CLOSED = _any(r"classif|yes or no|true or false|how many|calculate|what year|correct the|identify|convert")
_FORMAT = _any(
    r"json|table\b|bullet|numbered|csv\b|markdown|in (?:one|two|three|\d+) (?:word|sentence|paragraph)|"
    r"fewer than|less than \d+|at most \d+|exactly \d+|no more than|list (?:of )?\d+|step.by.step"
)
_STEPS = re.compile(
    r"(?:\band (?:then|also)\b|\bthen\b|;|\?|^\s*(?:[-*]|\d+[.)])\s)", re.IGNORECASE | re.MULTILINE
)
_EXPERT = _any(
    r"theorem|prove\b|differential|pharmac|jurisdiction|statute|asymptotic|quantum|histopath|eigen"
)


def describe_prompt(prompt: str) -> dict[str, list[str]]:
    """Values by facet, from keywords alone; the same prompt always has the same."""
    subjects = [name for name, rule in _SUBJECT_RULES.items() if rule.search(prompt)][:3] or ["others"]
    letters = sum(char.isalpha() for char in prompt)
    latin = sum(char.isascii() and char.isalpha() for char in prompt)
    expertise = "basic domain knowledge" if subjects != ["others"] else "general public"
    return {
        "subject": subjects,
        "language": ["english"] if letters and latin / letters > 0.9 else [],
        "expertise": ["expert domain knowledge" if _EXPERT.search(prompt) else expertise],
        "open_endedness": [_openness(prompt)],
        "safety": [_safety(prompt)],
        "complexity": [_complexity(prompt)],
        "context": ["given" if len(prompt.split()) > 60 or "\n\n" in prompt.strip() else "none"],
        "format": ["constrained" if _FORMAT.search(prompt) else "free"],
    }


def _openness(prompt: str) -> str:
    if _CREATIVE.search(prompt):
        return "high"
    if _OPEN.search(prompt):
        return "moderate"
    return "no" if _CLOSED.search(prompt) else "low"


def _safety(prompt: str) -> str:
    for level, rule in (("high", _HIGH_RISK), ("moderate", _MODERATE_RISK), ("low", _LOW_RISK)):
        if rule.search(prompt):
            return level
    return "safe"


def _complexity(prompt: str) -> str:
    asked = len(_STEPS.findall(prompt))
    words = len(prompt.split())
    if asked >= 4 or words > 150:
        return "complex"
    return "moderate" if asked >= 2 or words > 40 else "simple"
