"""Rules between questions: a comparison may not go against what was said of the candidates one by one.

A rule names a comparison (a preference or a ranking) and a measure (an attribute of a rating or the mean of
all, the levels of an ordered choice, one value of a choice, or another comparison). Where the measure puts
one candidate strictly above another, the comparison may not put it below; with ``strict`` it must put it
above. What is not asked or not answered breaks no rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, Literal, TypeAlias, cast

from annotate.questions import settings
from annotate.questions.choice import ChoiceOptions
from annotate.questions.kind import Kind
from annotate.questions.preference import PreferenceOptions
from annotate.questions.ranking import RankingOptions
from annotate.questions.rating import RatingOptions
from annotate.questions.subject import Subject

Effect: TypeAlias = Literal["warn", "refuse"]
_KEYS = ("compare", "with", "attribute", "value", "better", "strict", "effect", "message")


@dataclass(frozen=True, slots=True)
class Rule:
    """``better``: whether a higher or a lower measure is the better one; a chosen ``value`` is higher."""

    compare: str
    measure: str
    attribute: str = ""
    value: str = ""
    better: Literal["higher", "lower"] = "higher"
    strict: bool = False
    effect: Effect = "warn"
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        told = {"with" if name == "measure" else name: value for name, value in asdict(self).items()}
        return {name: value for name, value in told.items() if value not in ("", False)}


@dataclass(frozen=True, slots=True)
class Clash:
    """Two answers that do not go together."""

    rule: Rule
    field: str
    message: str


def parse(raw: Any, kinds: Mapping[str, Kind], *, field: str) -> Rule:
    """Read a rule about questions of these keys; raises InvalidSetting."""
    raw = settings.an_object(raw, field=field)
    settings.only_keys(raw, _KEYS, field=field)
    compare = settings.a_key(raw.get("compare"), field=f"{field}.compare")
    measure = settings.a_key(raw.get("with"), field=f"{field}.with")
    for name, key in (("compare", compare), ("with", measure)):
        if key not in kinds:
            settings.refuse(
                f"There is no question {key!r}.", field=f"{field}.{name}", cure="Name one of the questions."
            )
    if not isinstance(kinds[compare], PreferenceOptions | RankingOptions):
        settings.refuse(
            "Only a preference or a ranking compares.", field=f"{field}.compare", cure="Name one of those."
        )
    rule = Rule(
        compare=compare,
        measure=measure,
        attribute=settings.words(raw, "attribute", most=settings.LONGEST_KEY),
        value=settings.words(raw, "value", most=settings.LONGEST_KEY),
        better=_one_of(raw, "better", ("higher", "lower"), field),
        strict=settings.a_flag(raw, "strict", False),
        effect=_one_of(raw, "effect", ("warn", "refuse"), field),
        message=settings.words(raw, "message"),
    )
    _check_measure(rule, kinds[measure], field)
    return rule


def clash(rule: Rule, kinds: Mapping[str, Kind], answers: Mapping[str, Any], about: Subject) -> Clash | None:
    """The first pair of candidates on which the two answers disagree; None where they agree."""
    if rule.compare not in answers or rule.measure not in answers:
        return None
    standing = heights(kinds[rule.compare], answers[rule.compare], about)
    measured = heights(
        kinds[rule.measure], answers[rule.measure], about, attribute=rule.attribute, chosen=rule.value
    )
    sign = 1 if rule.better == "higher" else -1
    shared = sorted(standing.keys() & measured.keys())
    for best, other in permutations(shared, 2):
        if sign * (measured[best] - measured[other]) <= 0:
            continue
        below = standing[best] < standing[other]
        if below or (rule.strict and standing[best] == standing[other]):
            words = rule.message or (
                f"{about.name(best)} stands above {about.name(other)} in “{rule.measure}”,"
                f" but not in “{rule.compare}”."
            )
            return Clash(rule, rule.compare, words[:1].upper() + words[1:])
    return None


def heights(
    kind: Kind, value: Any, about: Subject, *, attribute: str = "", chosen: str = ""
) -> dict[int, float]:
    """A number for each candidate that an answer speaks of; higher is more.

    A preference speaks of the first two, where "neither" says nothing of which is better.
    """
    if isinstance(kind, PreferenceOptions):
        first, second = about.positions[:2]
        if value == "neither":
            return {}
        return {first: 0.0, second: 0.0 if value == "tie" else float(value)}
    if isinstance(kind, RankingOptions):
        return {one: -float(rank) for rank, group in enumerate(value) for one in group}
    if isinstance(kind, RatingOptions):
        found = {int(position): _rated(entry, attribute) for position, entry in value.items()}
        return {position: number for position, number in found.items() if number is not None}
    if isinstance(kind, ChoiceOptions):
        return {int(position): _level(kind, entry, chosen) for position, entry in value.items()}
    return {}


def _rated(entry: Mapping[str, int | None], attribute: str) -> float | None:
    points = [point for name, point in entry.items() if point is not None and attribute in ("", name)]
    return sum(points) / len(points) if points else None


def _level(kind: ChoiceOptions, entry: Any, value: str) -> float:
    if value:
        return float(value in ([entry] if isinstance(entry, str) else entry))
    return float(kind.values.index(entry))


def _check_measure(rule: Rule, kind: Kind, field: str) -> None:
    """Raises InvalidSetting when the measure cannot put candidates in an order."""
    fits = isinstance(kind, PreferenceOptions | RankingOptions)
    if isinstance(kind, RatingOptions):
        known = {attribute.value for attribute in kind.attributes} | {""}
        fits = kind.per_candidate and rule.attribute in known
    if isinstance(kind, ChoiceOptions):
        by_value = rule.value in kind.values
        fits = kind.per_candidate and (by_value or (kind.ordered and not kind.multiple and not rule.value))
    if not fits:
        settings.refuse(
            f"{rule.measure!r} puts the responses in no order.",
            field=f"{field}.with",
            cure="Name another comparison, or a rating or choice of each response with what it has.",
        )


def _one_of(raw: Mapping[str, Any], name: str, allowed: Sequence[str], field: str) -> Any:
    default = "warn" if name == "effect" else allowed[0]
    value = raw.get(name, default)
    if value not in allowed:
        settings.refuse(
            "This word is not known here.", field=f"{field}.{name}", cure=f"Use {' or '.join(allowed)}."
        )
    return cast(Any, value)
