"""Secrets and personal data in texts: patterns, and a checksum wherever the thing has one.

Found are what is written as such; a name is not, for no pattern knows it. Each finding is masked by its
kind, so that a masked text still reads.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

KINDS = ("email", "phone", "card", "iban", "ip_address", "us_ssn", "secret")


@dataclass(frozen=True, slots=True)
class Finding:
    """``text[start:end]`` is of this kind; offsets in code points."""

    kind: str
    start: int
    end: int


def luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    doubled = [int(one) * (2 if place % 2 else 1) for place, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def iban_holds(text: str) -> bool:
    """The check digits of an IBAN (ISO 13616: modulo 97 is 1)."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def _is_address(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 8 <= len(digits) <= 15 and len(set(digits)) > 2


def _is_ssn(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _is_random(text: str) -> bool:
    """Keys are drawn at random; words, repetitions and examples in capitals are not."""
    value = re.split(r"[\s=:\"']+", text)[-1] or text
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy > 3.0 and any(one.isdigit() for one in value)


def _always(_text: str) -> bool:
    return True


# In the order in which they claim a place: what an earlier one took, a later one leaves.
_PATTERNS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    (
        "secret",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]*PRIVATE KEY-----",
        _always,
    ),
    ("secret", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", _always),
    ("secret", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b", _always),
    ("secret", r"\b(?:hf_[A-Za-z0-9]{30,}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,})", _is_random),
    (
        "secret",
        r"\b(?:xox[abprs]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{35})",
        _is_random,
    ),
    ("secret", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", _always),
    (
        "secret",
        r"(?i)\b(?:api[_-]?key|secret|token|passwd|password)\b[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/_\-]{16,}",
        _is_random,
    ),
    ("email", r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b", _always),
    ("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b", iban_holds),
    ("card", r"\b\d(?:[ -]?\d){12,18}\b", _is_card),
    ("us_ssn", r"\b\d{3}-\d{2}-\d{4}\b", _is_ssn),
    ("ip_address", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d)", _is_address),
    ("phone", r"(?<![\w+])(?:\+\d{1,3}[ .-]?)(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}\b", _is_phone),
    ("phone", r"(?<!\w)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b", _is_phone),
)
_READY = tuple((kind, re.compile(pattern), holds) for kind, pattern, holds in _PATTERNS)
# No finding without one of these: most texts are done after one pass.
_HINT = re.compile(
    r"@|\d[\d .\-()]{5}|\d\.\d|-----BEGIN|AKIA|ASIA|gh[pousr]_|github_pat_|hf_|sk-|xox|glpat-|AIza|eyJ"
    r"|(?i:key|secret|token|passw)|[A-Z]{2}\d{2}"
)


def find_private(text: str, kinds: tuple[str, ...] = KINDS) -> list[Finding]:
    """What is private in a text, in its order and without overlaps."""
    if not _HINT.search(text):
        return []
    found: list[Finding] = []
    for kind, pattern, holds in _READY:
        if kind not in kinds:
            continue
        for match in pattern.finditer(text):
            clear = all(match.end() <= one.start or one.end <= match.start() for one in found)
            if clear and holds(match.group()):
                found.append(Finding(kind, match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


def mask_private(text: str, kinds: tuple[str, ...] = KINDS) -> str:
    """The text with each finding replaced by its kind in square brackets, such as ``[EMAIL]``."""
    for one in reversed(find_private(text, kinds)):
        text = f"{text[: one.start]}[{one.kind.upper()}]{text[one.end :]}"
    return text
