"""What a judge's turn is for, drawn from names alone, so that it can be drawn again and not be foreseen."""

from __future__ import annotations

import hashlib
import json

from annotate.rules.flow import FlowRules

WORK, GOLD, REPEAT, TRAP = "work", "gold", "repeat", "trap"


def turn_kind(rules: FlowRules, *, seed: int, judge_key: str, turn: int) -> str:
    """Work, gold, a repeat or a trap. Each turn is drawn by itself, so no turn tells about another."""
    place = 100 * draw(seed, "turn", judge_key, turn)
    for kind, percent in (
        (GOLD, rules.gold_percent),
        (REPEAT, rules.repeat_percent),
        (TRAP, rules.trap_percent),
    ):
        if place < percent:
            return kind
        place -= percent
    return WORK


def holds_back(rules: FlowRules, *, seed: int, judge_key: str, item_key: str) -> bool:
    """Whether this judge sees no suggestion on this item: the share that anchoring is measured against."""
    return 100 * draw(seed, "suggestion", judge_key, item_key) < rules.suggestion_holdout


def draw(seed: int, *names: object) -> float:
    """A number in [0, 1), a function of the names alone; 53 bits of SHA-256."""
    text = json.dumps([seed, *names], ensure_ascii=True, separators=(",", ":"))
    return (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11) / (1 << 53)
