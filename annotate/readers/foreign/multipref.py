"""MultiPref as it is published: Miranda et al., arXiv 2410.19133; the allenai/multipref data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from annotate.readers.foreign.source import Record, candidate, content_name, judgment, need, row

STRENGTHS: dict[str, int | str] = {
    "a-is-clearly-better": -2,
    "a-is-slightly-better": -1,
    "tie": "tie",
    "b-is-slightly-better": 1,
    "b-is-clearly-better": 2,
}
ASKED = {"overall": "preference", "helpful": "helpful", "truthful": "truthful", "harmless": "harmless"}
CONFIDENCE = {"absolutely-confident": "absolute", "fairly-confident": "fair", "not-confident": "none"}
# Reasons by a part of their words, with the keys that the preset gives them.
REASONS = {
    "helpful": {
        "correct": "correct", "informative": "informative", "concise": "concise", "format": "formatted",
        "coheren": "coherent", "creativ": "creative", "understand": "understandable", "tone": "tone",
    },
    "truthful": {
        "fact": "factual", "faithful": "faithful", "time": "time", "confus": "confusion",
        "false": "falsehood", "incapab": "incapable",
    },
    "harmless": {"offen": "polite", "danger": "safe", "restrict": "allowed", "privacy": "private"},
}  # fmt: skip
# What its two groups know. An expert holds a degree in the field of the item: which, no row says.
GROUPS = {"normal_worker_annotations": None, "expert_worker_annotations": ["expert"]}


def multipref(given: Record) -> Iterator[Record]:
    """Two completions judged by workers and experts on three aspects and as a whole."""
    candidates = [
        candidate(need(given, "completion_a"), given.get("model_a")),
        candidate(need(given, "completion_b"), given.get("model_b")),
    ]
    judges = [
        judgment(need(one, "evaluator"), answers, seconds=_seconds(one.get("time_spent")), expertise=knows)
        for group, knows in GROUPS.items()
        for one in given.get(group) or []
        if isinstance(one, dict) and (answers := _answers(one))
    ]
    prompt = need(given, "text", "prompt")
    identity = given.get("comparison_id") or content_name(prompt, candidates)
    meta = {name: given[name] for name in ("source", "category") if given.get(name) is not None}
    yield row(identity, prompt, candidates, judgments=judges, meta=meta)


def _answers(one: Record) -> Record:
    found: Record = {}
    for theirs, ours in ASKED.items():
        said = STRENGTHS.get(str(one.get(f"{theirs}_pref", "")).lower())
        if said is None:
            continue
        found[ours] = said
        sure = CONFIDENCE.get(str(one.get(f"{theirs}_confidence", "")).lower())
        if sure:
            found["confidence" if theirs == "overall" else f"{ours}-confidence"] = sure
        # Asked once a side is chosen; those of a tie have no question, and stay beside the judgment.
        found |= _reasons(one, theirs, f"{ours}-tie" if said == "tie" else ours)
    return found


def _reasons(one: Record, aspect: str, key: str) -> Record:
    """Reasons that are known by their keys, and all others in words."""
    words = REASONS.get(aspect, {})
    known, other = [], []
    for reason in one.get(f"{aspect}_checked_reasons") or []:
        named = next((ours for part, ours in words.items() if part in str(reason).lower()), None)
        if named is None:
            other.append(str(reason))
        elif named not in known:
            known.append(named)
    own = one.get(f"{aspect}_own_reason")
    if isinstance(own, str) and own.strip():
        other.append(own.strip())
    found: Record = {f"{key}-reasons": known} if known else {}
    return found | ({f"{key}-other": "; ".join(other)} if other else {})


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 10**9 else None
