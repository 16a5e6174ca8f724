"""How the answers of several judges shall become one: declared with the questions, carried out elsewhere.

``verdict`` names the question from which a pair's verdict comes: a preference, a ranking, a rating of each
response, or a choice of levels for each response. Every other question is settled by the rule for it, or by
the first rule of its kind:

- preference: "majority" (the choice with most votes, and the mean), or "agreeing" (the ``keep`` answers that
  agree most, averaged and rounded; HelpSteer2-Preference)
- ranking: "ranked_pairs"
- rating: "mean", "median", or "agreeing" (HelpSteer2)
- choice: "majority"; of levels also "median"
- text and spans: "kept" (counted; nothing is invented), spans also "majority" (character by character)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotate.questions import settings
from annotate.questions.choice import ChoiceOptions
from annotate.questions.kind import Kind
from annotate.questions.preference import PreferenceOptions
from annotate.questions.questionnaire import Questionnaire, Spec
from annotate.questions.ranking import RankingOptions
from annotate.questions.rating import RatingOptions

RULES: Mapping[str, tuple[str, ...]] = {
    "preference": ("majority", "agreeing"),
    "ranking": ("ranked_pairs",),
    "rating": ("mean", "median", "agreeing"),
    "choice": ("majority", "median"),
    "text": ("kept",),
    "spans": ("majority", "kept"),
}
JUDGES = ("everyone", "experts")
_KEYS = (
    "verdict", "attribute", "weights", "better", "margin", "rules", "keep", "most_spread", "primary",
    "judges",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettleRules:
    """``attribute`` or ``weights`` say what of a rating decides the verdict (else the mean of all its
    attributes), and a difference of at most ``margin`` points is a tie. ``better``: which end of it is the
    better one, "higher" or "lower". ``keep`` and ``most_spread`` belong
    to "agreeing": how many answers are kept, and how far apart they may be. ``primary``: the attribute of a
    rating by which those are chosen, for all attributes alike; empty lets each attribute choose its own.
    ``judges``: whose answers count among people, "everyone" or "experts", as MultiPref settles by either:
    those who have the expertise that the item asks for, or any where it asks for none."""

    verdict: str = ""
    attribute: str = ""
    weights: tuple[tuple[str, float], ...] = ()
    better: str = "higher"
    margin: float = 0.0
    rules: tuple[tuple[str, str], ...] = ()
    keep: int = 3
    most_spread: int = 2
    primary: str = ""
    judges: str = "everyone"

    def rule_for(self, spec: Spec) -> str:
        return dict(self.rules).get(spec.key, RULES[spec.kind][0])

    def name(self, questionnaire: Questionnaire) -> str:
        """What the estimates of a project are said to be made by: the rule of the verdict's question."""
        spec = self.verdict_spec(questionnaire)
        return self.rule_for(spec) if spec is not None else "majority"

    def verdict_spec(self, questionnaire: Questionnaire) -> Spec | None:
        """The question that decides between two responses; None where no question can."""
        named = next((spec for spec in questionnaire.specs if spec.key == self.verdict), None)
        if named is not None:
            return named
        for kind in ("preference", "ranking", "rating", "choice"):
            for spec in questionnaire.specs:
                if spec.kind == kind and compares(spec.options):
                    return spec
        return None

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "attribute": self.attribute,
            "weights": dict(self.weights),
            "better": self.better,
            "margin": self.margin,
            "rules": dict(self.rules),
            "keep": self.keep,
            "most_spread": self.most_spread,
            "primary": self.primary,
            "judges": self.judges,
        }


def compares(kind: Kind) -> bool:
    """Whether answers of this kind put two responses in an order."""
    if isinstance(kind, RatingOptions):
        return kind.per_candidate
    if isinstance(kind, ChoiceOptions):
        return kind.per_candidate and kind.ordered and not kind.multiple
    return isinstance(kind, PreferenceOptions | RankingOptions)


def parse(raw: Any, questionnaire: Questionnaire) -> SettleRules:
    """Read a project's settle rules; raises InvalidSetting with field and cure."""
    raw = settings.an_object(raw, field="settling")
    settings.only_keys(raw, _KEYS, field="settling")
    specs = {spec.key: spec for spec in questionnaire.specs}
    rules = settings.an_object(raw.get("rules", {}), field="settling.rules")
    for key, rule in rules.items():
        _check_rule(specs.get(key), key, rule)
    found = SettleRules(
        verdict=settings.words(raw, "verdict", most=settings.LONGEST_KEY),
        attribute=settings.words(raw, "attribute", most=settings.LONGEST_KEY),
        weights=_weights(raw),
        better=settings.words(raw, "better", "higher", most=6),
        margin=_amount(raw.get("margin", 0), field="settling.margin"),
        rules=tuple(sorted((str(key), str(rule)) for key, rule in rules.items())),
        keep=settings.a_number(raw, "keep", 3, low=1, high=9),
        most_spread=settings.a_number(raw, "most_spread", 2, low=0, high=100),
        primary=settings.words(raw, "primary", most=settings.LONGEST_KEY),
        judges=settings.words(raw, "judges", "everyone", most=8),
    )
    _check_verdict(found, specs)
    return found


def _check_rule(spec: Spec | None, key: str, rule: Any) -> None:
    if spec is None:
        settings.refuse(
            f"There is no question {key!r}.", field="settling.rules", cure="Name one of the questions."
        )
    levels = isinstance(spec.options, ChoiceOptions) and spec.options.ordered and not spec.options.multiple
    if rule not in RULES[spec.kind] or (rule == "median" and spec.kind == "choice" and not levels):
        settings.refuse(
            f"A {spec.kind} is not settled so.",
            field=f"settling.rules.{key}",
            cure=f"Choose from {', '.join(RULES[spec.kind])}; a median needs ordered levels.",
        )


def _check_verdict(rules: SettleRules, specs: Mapping[str, Spec]) -> None:
    if rules.verdict and (rules.verdict not in specs or not compares(specs[rules.verdict].options)):
        settings.refuse(
            f"{rules.verdict!r} does not decide between two responses.",
            field="settling.verdict",
            cure="Name a preference, a ranking, or a rating or choice of levels for each response.",
        )
    if rules.better not in ("higher", "lower"):
        settings.refuse("This word is not known here.", field="settling.better", cure="Use higher or lower.")
    if rules.judges not in JUDGES:
        settings.refuse(
            "This word is not known here.", field="settling.judges", cure="Use everyone or experts."
        )
    ratings = [spec.options for spec in specs.values() if isinstance(spec.options, RatingOptions)]
    known = {attribute.value for options in ratings for attribute in options.attributes}
    named = {rules.attribute, rules.primary, *(name for name, _weight in rules.weights)} - {""}
    strange = sorted(named - known)
    if strange:
        settings.refuse(
            f"No rating has the attribute {strange[0]!r}.",
            field="settling.attribute",
            cure=f"Choose from {', '.join(sorted(known)) or 'the attributes of a rating'}.",
        )


def _weights(raw: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    weights = settings.an_object(raw.get("weights", {}), field="settling.weights")
    return tuple(
        (str(name), _amount(weight, field=f"settling.weights.{name}", low=-100))
        for name, weight in weights.items()
    )


def _amount(value: Any, *, field: str, low: float = 0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= 100:
        settings.refuse("This number is out of range.", field=field, cure=f"Give a number from {low} to 100.")
    return float(value)
