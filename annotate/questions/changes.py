"""Changing what is asked without changing what was answered.

An answer keeps its meaning for ever. Words, order, conditions, lengths and whether an answer is required may
change under the same key; the scale, the values and whom an answer speaks of may not: a question that
changes those becomes another one, under a key of its own, and the old one is put away with its answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from annotate.questions.choice import ChoiceOptions
from annotate.questions.conditions import When
from annotate.questions.kind import Kind
from annotate.questions.preference import PreferenceOptions
from annotate.questions.questionnaire import Spec
from annotate.questions.rating import RatingOptions
from annotate.questions.settings import LONGEST_KEY
from annotate.questions.spans import SpansOptions
from annotate.questions.text import TextOptions


def meaning(kind: Kind) -> tuple[Any, ...]:
    """What has to stay the same for stored answers to mean the same. A tie or "neither" that is allowed or
    not changes no answer that was given."""
    if isinstance(kind, PreferenceOptions):
        return (kind.levels,)
    if isinstance(kind, RatingOptions):
        return (kind.low, kind.high, kind.per_candidate, {one.value for one in kind.attributes})
    if isinstance(kind, ChoiceOptions):
        values = kind.values if kind.ordered else tuple(sorted(kind.values))
        return (values, kind.multiple, kind.per_candidate, kind.ordered)
    if isinstance(kind, TextOptions):
        return (kind.per_candidate, kind.correction)
    if isinstance(kind, SpansOptions):
        return ({one.value for one in kind.labels}, tuple(one.value for one in kind.severities))
    return ()


def means_the_same(old: Spec, new: Spec) -> bool:
    return old.kind == new.kind and meaning(old.options) == meaning(new.options)


def free_key(key: str, taken: Collection[str]) -> str:
    """The key itself, or with the first number that makes it free."""
    if key not in taken:
        return key
    stem = key.rpartition("-")[0] if key.rpartition("-")[2].isdecimal() and "-" in key else key
    stem = stem[: LONGEST_KEY - 4]
    return next(named for number in range(2, len(taken) + 3) if (named := f"{stem}-{number}") not in taken)


def waiting_for(spec: Spec, renamed: Mapping[str, str]) -> Spec:
    """The question with its condition told about the new keys."""
    if spec.when is None or spec.when.question not in renamed:
        return spec
    return replace(spec, when=When(renamed[spec.when.question], spec.when.any_of))


def rules_for(
    rules: Sequence[Mapping[str, Any]], renamed: Mapping[str, str], keys: Collection[str]
) -> list[dict[str, Any]]:
    """The rules told about the new keys, without those about a question that is not asked any more."""
    told = [
        {**rule, **{side: renamed.get(rule[side], rule[side]) for side in ("compare", "with")}}
        for rule in rules
    ]
    return [rule for rule in told if rule["compare"] in keys and rule["with"] in keys]


def settling_for(
    settling: Mapping[str, Any], renamed: Mapping[str, str], keys: Collection[str]
) -> dict[str, Any]:
    """The settle rules told about the new keys, without what is said of a question that is not asked any
    more."""
    told = dict(settling)
    verdict = renamed.get(settling.get("verdict", ""), settling.get("verdict", ""))
    told["verdict"] = verdict if verdict in keys else ""
    rules = {renamed.get(key, key): rule for key, rule in settling.get("rules", {}).items()}
    told["rules"] = {key: rule for key, rule in rules.items() if key in keys}
    return told
