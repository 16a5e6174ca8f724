"""Questions as a page draws them: every field with its name, its words and what was answered so far.

``annotate/questions/__init__.py`` says how the fields are named. A page that hides what is not asked reads
two things: a question's ``when_question`` and ``when_any_of``, and the words in each control's ``means``.
A question is asked when a chosen control of the other question has one of the words; where both are asked
of each response, side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from annotate.questions.choice import ChoiceOptions
from annotate.questions.kind import ANSWERED, Fields, one
from annotate.questions.preference import NEITHER, TIE, PreferenceOptions, compared
from annotate.questions.questionnaire import Questionnaire, Spec
from annotate.questions.ranking import RankingOptions
from annotate.questions.rating import NOT_APPLICABLE, RatingOptions
from annotate.questions.settings import Choice
from annotate.questions.spans import ROWS, SpansOptions
from annotate.questions.subject import LETTERS
from annotate.questions.text import TextOptions

if TYPE_CHECKING:
    from annotate.questions.kind import Kind

# Words that projects compare by, for the catalogue to know.
COMPARED = (_("better"), _("safer"))
# What a strength is called, by how many there are; "better" is the word for what is compared.
STRENGTHS = {
    1: (_("{side} {better}"),),
    2: (_("{side} slightly {better}"), _("{side} clearly {better}")),
    3: (_("{side} slightly {better}"), _("{side} {better}"), _("{side} much {better}")),
}


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to choose. ``key`` is the key that the page may print on it."""

    value: str
    text: str
    checked: bool = False
    means: str = ANSWERED
    help: str = ""
    key: str = ""

    @property
    def quick(self) -> str:
        """The letter that answers a comparison wherever the hand is: a side, equal or neither."""
        if self.value in ("-1", "1"):
            return self.text[:1].lower()
        return {TIE: "e", NEITHER: "n"}.get(self.value, "")


@dataclass(frozen=True, slots=True)
class Row:
    """One field: an attribute, a rank, a choice or a text. ``side`` is the letter it speaks of, if any."""

    name: str
    text: str = ""
    help: str = ""
    side: str = ""
    controls: tuple[Control, ...] = ()
    value: str = ""

    @property
    def ends(self) -> str:
        """What the least and the most of a scale mean, where they have words."""
        worded = [one for one in self.controls if one.text and one.value != NOT_APPLICABLE]
        return " · ".join(f"{one.value} = {one.text}" for one in dict.fromkeys(worded[:1] + worded[-1:]))


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one response, or of the item where ``side`` is empty."""

    side: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """``groups`` hold the fields. ``spans`` is what was highlighted so far, as the script's field has it."""

    spec: Spec
    number: int
    groups: tuple[Group, ...]
    spans: str = ""
    labels: tuple[Choice, ...] = ()
    severities: tuple[Choice, ...] = ()

    def __hash__(self) -> int:
        """Of little: what is drawn is looked up by it with every item."""
        return hash((self.spec.key, self.number))

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return self.spec.field

    @property
    def options(self) -> Kind:
        return self.spec.options

    @property
    def template(self) -> str:
        return f"annotate/_question_{self.spec.kind}.html"

    @property
    def when_question(self) -> str:
        return self.spec.when.question if self.spec.when else ""

    @property
    def when_any_of(self) -> str:
        return " ".join(self.spec.when.any_of) if self.spec.when else ""

    @property
    def must(self) -> bool:
        """Whether the browser may insist on an answer: not where the question may not be asked at all."""
        return self.spec.required and self.spec.when is None

    @property
    def is_line(self) -> bool:
        """Words on one line, asked always."""
        options = self.spec.options
        plain = isinstance(options, TextOptions) and options.lines == 1 and not options.per_candidate
        return plain and self.spec.when is None


def asked_questions(
    questionnaire: Questionnaire, *, order: Sequence[int], texts: Sequence[str], given: Fields
) -> tuple[AskedQuestion, ...]:
    """The questions for an item whose stored positions are shown in this order; ``given`` are the fields
    answered so far."""
    if not given and not any(_begins_with_text(spec) for spec in questionnaire.specs):
        return _blank(questionnaire, tuple(order), len(texts), get_language())
    return _filled(questionnaire, order, texts, given)


@lru_cache(maxsize=256)
def _blank(
    questionnaire: Questionnaire, order: tuple[int, ...], sides: int, language: str | None
) -> tuple[AskedQuestion, ...]:
    """Nothing answered yet: the same for every item shown in this order. The language is read inside."""
    return _filled(questionnaire, order, [""] * sides, {})


def _begins_with_text(spec: Spec) -> bool:
    return isinstance(spec.options, TextOptions) and spec.options.correction


def _filled(
    questionnaire: Questionnaire, order: Sequence[int], texts: Sequence[str], given: Fields
) -> tuple[AskedQuestion, ...]:
    return tuple(
        _asked(spec, number, order, texts, given) for number, spec in enumerate(questionnaire.specs, start=1)
    )


def _asked(
    spec: Spec, number: int, order: Sequence[int], texts: Sequence[str], given: Fields
) -> AskedQuestion:
    options, name = spec.options, spec.field
    letters = LETTERS[: len(texts)]
    if isinstance(options, PreferenceOptions):
        stops = _stops(options, order, one(given, name)) if len(texts) > 1 else ()
        return AskedQuestion(spec, number, (Group("", (Row(name, controls=stops),)),))
    if isinstance(options, RankingOptions):
        rows = tuple(_rank_row(name, letter, len(texts), given) for letter in letters)
        return AskedQuestion(spec, number, (Group("", rows),))
    if isinstance(options, SpansOptions):
        return AskedQuestion(
            spec,
            number,
            (_quote_rows(options, name, letters, given),),
            spans=one(given, name),
            labels=options.labels,
            severities=options.severities,
        )
    sides = letters if options.per_candidate else ("",)
    groups = tuple(
        Group(side, _rows(options, f"{name}.{side}" if side else name, side, texts, given)) for side in sides
    )
    return AskedQuestion(spec, number, groups)


def _rows(options: Kind, name: str, side: str, texts: Sequence[str], given: Fields) -> tuple[Row, ...]:
    if isinstance(options, RatingOptions):
        return tuple(
            _attribute_row(options, attribute, name, side, given) for attribute in options.attributes
        )
    if isinstance(options, ChoiceOptions):
        chosen = given.get(name, ())
        controls = tuple(
            Control(each.value, each.text, each.value in chosen, f"{ANSWERED} {each.value}", each.help)
            for each in options.options
        )
        return (Row(name, side=side, controls=controls),)
    assert isinstance(options, TextOptions)
    begun = texts[LETTERS.index(side)] if options.correction and name not in given else one(given, name)
    return (Row(name, side=side, value=begun),)


def _stops(options: PreferenceOptions, order: Sequence[int], chosen: str) -> tuple[Control, ...]:
    """From "the first is much better" to "the second is", the middle and "neither" where they are allowed.

    Keys count the whole scale, so that a key means the same with a middle and without.
    """
    first, second = (LETTERS[place] for place in compared(order))
    strengths = [str(one) for one in STRENGTHS[options.levels]]
    better = gettext(options.better)
    whole: list[tuple[str, str, str]] = [
        (str(-level), strengths[level - 1].format(side=first, better=better), "decided")
        for level in range(options.levels, 0, -1)
    ]
    whole.append((TIE, options.tie_text or gettext("Equal"), TIE))
    whole += [
        (str(level), strengths[level - 1].format(side=second, better=better), "decided")
        for level in range(1, options.levels + 1)
    ]
    stops = [
        Control(value, text, value == chosen, f"{ANSWERED} {means}", key=str(key))
        for key, (value, text, means) in enumerate(whole, start=1)
        if value != TIE or options.tie
    ]
    if options.neither:
        text = options.neither_text or gettext("Neither is acceptable")
        stops.append(Control(NEITHER, text, chosen == NEITHER, f"{ANSWERED} {NEITHER}", key="n"))
    return tuple(stops)


def _rank_row(name: str, letter: str, count: int, given: Fields) -> Row:
    chosen = one(given, f"{name}.{letter}")
    ranks = tuple(Control(str(rank), str(rank), str(rank) == chosen) for rank in range(1, count + 1))
    return Row(f"{name}.{letter}", side=letter, controls=ranks, value=chosen)


def _attribute_row(options: RatingOptions, attribute: Choice, name: str, side: str, given: Fields) -> Row:
    field = f"{name}.{attribute.value}"
    chosen, words = one(given, field), dict(options.labels)
    points = [(str(point), words.get(point, "")) for point in options.points]
    points += [(NOT_APPLICABLE, gettext("Does not apply"))] if options.na else []
    controls = tuple(
        Control(value, text, value == chosen, f"{ANSWERED} {attribute.value}={value}", key=value[:1])
        for value, text in points
    )
    return Row(field, attribute.text, attribute.help, side, controls, chosen)


def _quote_rows(options: SpansOptions, name: str, letters: str, given: Fields) -> Group:
    """Rows for whoever has no script: the words themselves are quoted, and found again in the response."""
    rows = []
    for number in range(1, ROWS + 1):
        row = f"{name}.{number}"
        side = one(given, f"{row}.side")
        sides = tuple(Control(letter, letter, letter == side) for letter in letters)
        rows.append(Row(row, str(number), controls=sides, value=one(given, f"{row}.quote")))
    return Group("", tuple(rows))
