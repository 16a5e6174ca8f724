"""One question's answers as one value, by the rule declared for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotate.questions.choice import ChoiceOptions
from annotate.questions.questionnaire import Spec
from annotate.questions.rating import RatingOptions
from annotate.questions.settle_rules import SettleRules
from annotate.questions.spans import SpansOptions


def settled_value(spec: Spec, rules: SettleRules, answers: Sequence[Any]) -> dict[str, Any]:
    """The value, the rule that made it and how many judges it rests on; ``answers`` are as stored, in the
    order they were given. Always the same keys for one kind of question."""
    rule = rules.rule_for(spec)
    told: dict[str, Any] = {"kind": spec.kind, "rule": rule, "n_judges": len(answers)}
    if spec.kind == "preference":
        return told | _preference(rule, rules, answers)
    if spec.kind == "ranking":
        return told | _ranking(answers)
    if isinstance(spec.options, RatingOptions):
        return told | _rating(spec.options, rule, rules, answers)
    if isinstance(spec.options, ChoiceOptions):
        return told | _choice(spec.options, rule, answers)
    if isinstance(spec.options, SpansOptions) and rule == "majority":
        return told | _spans(spec.options, answers)
    return told


def _preference(rule: str, rules: SettleRules, answers: Sequence[Any]) -> dict[str, Any]:
    from curation.numerics.consensus import agree
    from curation.numerics.settling import Verdict, settle_towards, settle_votes

    plain = settle_votes(answers)
    told = {
        "verdict": plain.verdict,
        "preference": plain.preference,
        "confidence": plain.confidence,
        "spread": plain.spread,
        "settled": True,
    }
    if rule == "majority":
        return told
    numbers = [0 if answer == "tie" else answer for answer in answers if answer != "neither"]
    if 2 * (len(answers) - len(numbers)) > len(answers) or not numbers:
        share = settle_towards(answers, "neither", None).confidence
        return told | {"verdict": "neither", "confidence": share}
    agreed = agree(numbers, keep=rules.keep, most_spread=rules.most_spread)
    side: Verdict = "tie" if agreed.value == 0 else "first" if agreed.value < 0 else "second"
    side = side if agreed.settled else "undecided"
    return {
        "verdict": side,
        "preference": float(agreed.value) if agreed.settled else None,
        "confidence": settle_towards(answers, side, None).confidence,
        "spread": agreed.spread,
        "settled": agreed.settled,
    }


def _ranking(answers: Sequence[Any]) -> dict[str, Any]:
    from curation.numerics.ranked_pairs import ranked_pairs

    found = ranked_pairs(answers)
    return {
        "value": [list(group) for group in found.groups],
        "tie_break_used": found.tie_break_used,
        "distances": [round(distance, 6) for distance in found.distances],
    }


def _rating(options: RatingOptions, rule: str, rules: SettleRules, answers: Sequence[Any]) -> dict[str, Any]:
    if not options.per_candidate:
        return _attributes(options, rule, rules, answers)
    positions = sorted({position for answer in answers for position in answer}, key=int)
    made = {
        position: _attributes(
            options, rule, rules, [answer[position] for answer in answers if position in answer]
        )
        for position in positions
    }
    return {
        name: {position: found[name] for position, found in made.items()} for name in ("value", "spread")
    } | {"settled": {position: found["settled"] for position, found in made.items()}}


def _attributes(
    options: RatingOptions, rule: str, rules: SettleRules, entries: Sequence[Any]
) -> dict[str, Any]:
    """One number for each attribute; None where nobody rated it or those who did are too far apart."""
    kept = _kept_together(rule, rules, entries)
    value: dict[str, float | None] = {}
    spread: dict[str, float] = {}
    settled = True
    for name in (attribute.value for attribute in options.attributes):
        rated = [entry[name] for entry in entries if entry.get(name) is not None]
        if not rated:
            value[name] = None
            continue
        primary = name == rules.primary or not rules.primary
        chosen = [entries[place].get(name) for place in kept] if kept is not None else rated
        chosen = [point for point in chosen if point is not None] or rated
        value[name], spread[name], good = _number(rule, rules, chosen, judged=primary)
        settled = settled and good
    # What the primary attribute does not settle is not settled at all: the same judges stand behind it.
    if not settled and rule == "agreeing" and rules.primary:
        value = dict.fromkeys(value)
    return {"value": value, "spread": spread, "settled": settled}


def _kept_together(rule: str, rules: SettleRules, entries: Sequence[Any]) -> tuple[int, ...] | None:
    """The judges whose ratings of the primary attribute agree most; None where each attribute chooses."""
    from curation.numerics.consensus import most_alike

    if rule != "agreeing" or not rules.primary:
        return None
    rated = [place for place, entry in enumerate(entries) if entry.get(rules.primary) is not None]
    if not rated:
        return None
    alike = most_alike([entries[place][rules.primary] for place in rated], keep=rules.keep)
    return tuple(rated[place] for place in alike)


def _number(
    rule: str, rules: SettleRules, points: Sequence[int], *, judged: bool
) -> tuple[float | None, float, bool]:
    from statistics import mean, median

    from curation.numerics.consensus import agree

    spread = float(max(points) - min(points))
    if rule == "mean":
        return round(float(mean(points)), 6), spread, True
    if rule == "median":
        return float(median(points)), spread, True
    agreed = agree(points, keep=rules.keep, most_spread=rules.most_spread)
    good = agreed.settled or not judged
    return (float(agreed.value) if good else None), agreed.spread, good


def _choice(options: ChoiceOptions, rule: str, answers: Sequence[Any]) -> dict[str, Any]:
    if not options.per_candidate:
        return _chosen(options, rule, answers)
    positions = sorted({position for answer in answers for position in answer}, key=int)
    made = {
        position: _chosen(options, rule, [answer[position] for answer in answers if position in answer])
        for position in positions
    }
    return {name: {position: found[name] for position, found in made.items()} for name in ("value", "share")}


def _chosen(options: ChoiceOptions, rule: str, answers: Sequence[Any]) -> dict[str, Any]:
    from curation.numerics.labels import majority_label, majority_labels, median_level

    if options.multiple:
        value = majority_labels(answers, options.values)
        return {"value": value, "share": sum(value == list(one) for one in answers) / len(answers)}
    if rule == "median":
        level = options.values[median_level([options.values.index(answer) for answer in answers])]
        return {"value": level, "share": sum(level == answer for answer in answers) / len(answers)}
    found = majority_label(answers)
    return {"value": found.value, "share": found.share}


def _spans(options: SpansOptions, answers: Sequence[Any]) -> dict[str, Any]:
    from curation.numerics.labels import majority_passages

    levels = [severity.value for severity in options.severities]
    hashes = {span["candidate"]: span["text_hash"] for answer in answers for span in answer}
    value = []
    for candidate in sorted(hashes):
        marked = [
            [
                (
                    span["start"],
                    span["end"],
                    span["label"],
                    levels.index(span["severity"]) if span["severity"] is not None else None,
                )
                for span in answer
                if span["candidate"] == candidate
            ]
            for answer in answers
        ]
        length = max(end for one in marked for _start, end, _label, _level in one)
        value += [
            {
                "candidate": candidate,
                "start": found.start,
                "end": found.end,
                "label": found.label,
                "severity": None if found.severity is None else levels[found.severity],
                "text_hash": hashes[candidate],
                "share": round(found.share, 6),
            }
            for found in majority_passages(marked, length=length)
        ]
    return {"value": value}
