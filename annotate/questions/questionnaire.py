"""The questions of a project together: what is asked when, and whether the answers go together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from annotate.errors import InvalidAnswer, InvalidSetting
from annotate.questions import (
    choice,
    conditions,
    consistency,
    preference,
    ranking,
    rating,
    settings,
    spans,
    text,
)
from annotate.questions.conditions import When
from annotate.questions.consistency import Clash, Rule
from annotate.questions.kind import Fields, Kind, Words, is_empty
from annotate.questions.preference import PreferenceOptions
from annotate.questions.subject import Subject

PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Kind]] = {
    "preference": preference.parse,
    "ranking": ranking.parse,
    "rating": rating.parse,
    "choice": choice.parse,
    "text": text.parse,
    "spans": spans.parse,
}
# Options of every kind; the others belong to the kind.
COMMON = ("help", "when")
FIELD = "answer_{}"


@dataclass(frozen=True, slots=True)
class Spec:
    """One question. ``kind`` names its kind, ``options`` is what that kind can do with these settings."""

    key: str
    kind: str
    text: str
    options: Kind
    required: bool = True
    help: str = ""
    when: When | None = None

    @property
    def field(self) -> str:
        return FIELD.format(self.key)

    def options_as_dict(self) -> dict[str, Any]:
        """The options as they are kept: parsing them again gives the same question."""
        kept: dict[str, Any] = asdict(self.options)  # type: ignore[call-overload]  # every kind is a dataclass
        if self.help:
            kept["help"] = self.help
        if self.when is not None:
            kept["when"] = conditions.as_dict(self.when)
        return kept


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers as they are stored, with the rules they break that only warn."""

    answers: dict[str, Any]
    warnings: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The questions in the order asked, with the rules between them."""

    specs: tuple[Spec, ...]
    rules: tuple[Rule, ...] = ()

    def __hash__(self) -> int:
        """Of the names alone: the questions are looked up by it with every answer."""
        return hash(tuple(spec.key for spec in self.specs))

    @property
    def kinds(self) -> dict[str, Kind]:
        return {spec.key: spec.options for spec in self.specs}

    @property
    def reads_texts(self) -> bool:
        return any(spec.options.reads_texts for spec in self.specs)

    @property
    def main_preference(self) -> Spec | None:
        """The comparison that pairs are made from: the first preference asked."""
        return next((spec for spec in self.specs if spec.kind == "preference"), None)

    def stored(self, answers: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
        """Answers given about the sides as shown, told about the candidates as stored."""
        kinds = self.kinds
        return {
            key: kinds[key].stored(value, order) if key in kinds else value for key, value in answers.items()
        }

    def shown(self, answers: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
        """Stored answers, told about the sides as shown."""
        kinds = self.kinds
        return {key: kinds[key].shown(value, order) for key, value in answers.items() if key in kinds}

    def read_fields(self, fields: Fields, texts: Sequence[str]) -> dict[str, Any]:
        """The answers that form fields hold, about the sides as shown; ``texts`` are the sides in order."""
        read = {spec.key: spec.options.read(fields, spec.field, texts) for spec in self.specs}
        return {key: value for key, value in read.items() if not is_empty(value)}

    def write_fields(self, answers: Mapping[str, Any]) -> dict[str, list[str]]:
        """The form fields that hold these answers, given about the sides as shown."""
        fields: dict[str, list[str]] = {}
        for spec in self.specs:
            if spec.key in answers:
                fields |= spec.options.write(answers[spec.key], spec.field)
        return fields

    def nearest(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Answers of a judge who always uses the whole scale of a preference, told on the scale asked;
        without those that are no answer here."""
        kinds = self.kinds
        told = {
            key: kind.nearest(value) if isinstance(kind := kinds.get(key), PreferenceOptions) else value
            for key, value in answers.items()
        }
        return {key: value for key, value in told.items() if value is not None}

    def clean(self, answers: Mapping[str, Any], about: Subject, *, all_required: bool = True) -> Answered:
        """Check answers about the candidates as stored; raises InvalidAnswer with field and cure.

        What is not asked may not be answered; what is asked and required must be, unless ``all_required``
        is off: then at least one question must.
        """
        unknown = sorted(set(answers) - {spec.key for spec in self.specs})
        if unknown:
            raise InvalidAnswer(
                "There is no such question in this project.",
                field=unknown[0],
                cure="Answer the project's questions.",
            )
        cleaned: dict[str, Any] = {}
        words: dict[str, Words] = {}
        for spec in self.specs:
            asked = spec if all_required else replace(spec, required=False)
            value = _clean_one(asked, answers.get(spec.key), words, about)
            if value is not None:
                cleaned[spec.key] = value
                words[spec.key] = spec.options.words(value)
        if not cleaned and any(spec.required for spec in self.specs):
            raise InvalidAnswer("Nothing is answered.", cure="Answer at least one question.")
        return Answered(cleaned, self._warnings(cleaned, about))

    def _warnings(self, cleaned: Mapping[str, Any], about: Subject) -> tuple[Clash, ...]:
        found = [consistency.clash(rule, self.kinds, cleaned, about) for rule in self.rules]
        clashes = [one for one in found if one is not None]
        refused = next((one for one in clashes if one.rule.effect == "refuse"), None)
        if refused is not None:
            raise InvalidAnswer(
                refused.message, field=refused.field, cure="Change one of the two answers so that they agree."
            )
        return tuple(clashes)


def _clean_one(spec: Spec, value: Any, words: Mapping[str, Words], about: Subject) -> Any:
    asked = about
    if spec.when is not None:
        said = words.get(spec.when.question, {})
        if spec.options.per_candidate:
            asked = about.only([one for one in about.positions if spec.when.holds_for(said, position=one)])
        is_asked = bool(asked.positions) and spec.when.holds_for(said, position=None)
        if not is_asked and is_empty(value):
            return None
        if not is_asked:
            raise InvalidAnswer(
                f"“{spec.text}” is not asked after your answer to “{spec.when.question}”.",
                field=spec.key,
                cure="Leave it empty, or change the other answer.",
            )
    if is_empty(value):
        if spec.required:
            raise InvalidAnswer(
                "This question needs an answer.", field=spec.key, cure="Choose one of its answers."
            )
        return None
    cleaned = spec.options.clean(value, field=spec.key, about=asked, whole=spec.required)
    return None if is_empty(cleaned) else cleaned


def parse_question(
    *, key: str, kind: str, text: str, options: Mapping[str, Any], required: bool = True
) -> Spec:
    """Read one question; raises InvalidSetting with field and cure."""
    settings.a_key(key, field="key")
    if kind not in PARSERS:
        settings.refuse(
            "There is no such kind of question.", field="kind", cure=f"Choose from {', '.join(PARSERS)}."
        )
    if not text.strip():
        settings.refuse("A question needs words.", field="text", cure="Write what is asked.")
    options = settings.an_object(options, field="options")
    return Spec(
        key=key,
        kind=kind,
        text=text,
        options=PARSERS[kind]({name: value for name, value in options.items() if name not in COMMON}),
        required=required,
        help=settings.words(options, "help", most=2000),
        when=conditions.parse(options["when"]) if options.get("when") else None,
    )


def put_together(specs: Iterable[Spec], rules: Sequence[Any] = ()) -> Questionnaire:
    """Questions in order with their rules; raises InvalidSetting where they do not fit each other."""
    before: dict[str, Spec] = {}
    for spec in specs:
        if spec.key in before:
            raise InvalidSetting(
                f"Two questions are called {spec.key!r}.", field="key", cure="Give each a key of its own."
            )
        if spec.when is not None:
            _check_condition(spec.key, spec.when, before)
        before[spec.key] = spec
    kinds = {key: spec.options for key, spec in before.items()}
    return Questionnaire(
        tuple(before.values()),
        tuple(consistency.parse(rule, kinds, field=f"rules[{place}]") for place, rule in enumerate(rules)),
    )


def _check_condition(key: str, when: When, before: Mapping[str, Spec]) -> None:
    if when.question not in before:
        raise InvalidSetting(
            f"{key!r} waits for {when.question!r}, which is not asked before it.",
            field="when.question",
            cure="Name a question that stands earlier in the list.",
        )
    possible = before[when.question].options.possible_words()
    strange = next((word for word in when.any_of if word not in possible), None)
    if strange is not None:
        raise InvalidSetting(
            f"{when.question!r} is never answered with {strange!r}.",
            field="when.any_of",
            cure=f"Choose from {', '.join(sorted(possible))}.",
        )
