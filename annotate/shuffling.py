"""The order in which a judge is shown an item's candidates: drawn from names alone, so that it can be drawn
again.

Fisher-Yates shuffle (Durstenfeld, CACM 7(7), 1964) fed by SHA-256 in counter mode, with rejection of the
draws that would favour some orders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator


def shown_order(seed: int, judge_key: str, item_key: str, n: int) -> tuple[int, ...]:
    """A permutation of range(n): entry 0 is the stored position of the candidate shown first.

    The same four arguments give the same order on every machine and in every version. Over items, every
    order is as likely as any other. Raises ValueError for a negative ``n``.
    """
    if n < 0:
        raise ValueError(f"There cannot be {n} candidates.")
    words = _words(json.dumps([seed, judge_key, item_key], ensure_ascii=True, separators=(",", ":")))
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        pick = _below(last + 1, words)
        order[last], order[pick] = order[pick], order[last]
    return tuple(order)


def _words(name: str) -> Iterator[int]:
    """Endless 64-bit numbers, a function of the name alone."""
    counter = 0
    while True:
        digest = hashlib.sha256(f"shown-order:{name}:{counter}".encode()).digest()
        for start in range(0, 32, 8):
            yield int.from_bytes(digest[start : start + 8], "big")
        counter += 1


def _below(limit: int, words: Iterator[int]) -> int:
    """A number below ``limit``, each as likely as the others."""
    ceiling = (1 << 64) - (1 << 64) % limit
    return next(word for word in words if word < ceiling) % limit
