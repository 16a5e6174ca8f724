"""The lead's form for one question, and for the rules between questions: fields in words, options out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _

from annotate.enums import QuestionKind
from annotate.errors import InvalidSetting
from annotate.questions.questionnaire import Spec, parse_question
from annotate.questions.settings import LONGEST_KEY
from annotate.questions.settle_rules import RULES, compares

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LIST_HELP = _("One a line: key | words | what it means. Key and meaning may be left out.")


def lines(
    rows: int = 5, help_text: _StrOrPromise = LIST_HELP, *, required: bool = True, label: _StrOrPromise = ""
) -> forms.CharField:
    return forms.CharField(
        label=label or None,
        required=required,
        help_text=help_text,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
    )


def number(
    low: int, high: int, initial: int, label: _StrOrPromise, help_text: _StrOrPromise = ""
) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=low, max_value=high, initial=initial, label=label, help_text=help_text
    )


def flag(label: _StrOrPromise, initial: bool = False, help_text: _StrOrPromise = "") -> forms.BooleanField:
    return forms.BooleanField(required=False, initial=initial, label=label, help_text=help_text)


def short(label: _StrOrPromise, help_text: _StrOrPromise = "", most: int = 80) -> forms.CharField:
    return forms.CharField(required=False, label=label, help_text=help_text, max_length=most)


class QuestionForm(forms.Form):
    """What every kind has. ``was`` is the key of the question that is changed, empty for a new one."""

    list_fields: tuple[str, ...] = ()
    kind = forms.ChoiceField(choices=QuestionKind.choices, widget=forms.HiddenInput)
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    expected_version = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Question"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    key = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=LONGEST_KEY,
        help_text=_("The name of its answers in exports and the API. Empty: made from the words."),
    )
    help = forms.CharField(
        required=False,
        label=_("Explanation"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    required = flag(_("An answer is required"), initial=True)

    def __init__(self, *args: Any, earlier: Sequence[Spec] = (), **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        asked = [
            ("", _("Always")),
            *((spec.key, _("After “%(text)s”") % {"text": spec.text[:60]}) for spec in earlier),
        ]
        self.fields["when_question"] = forms.ChoiceField(label=_("Ask it"), required=False, choices=asked)
        possible = sorted({word for spec in earlier for word in spec.options.possible_words()})
        self.fields["when_any_of"] = forms.CharField(
            label=_("where the answer is one of"),
            required=False,
            max_length=2000,
            help_text=_("Words with commas between: %(words)s. Empty: any answer.")
            % {"words": ", ".join(possible[:40])}
            if possible
            else "",
        )
        if self.initial.get("was"):
            del self.fields["key"]
            self.fields["anew"] = flag(
                _("These words ask something else"),
                help_text=_(
                    "Then the answers given so far stay with the old question and do not count here."
                ),
            )
        if not earlier:
            del self.fields["when_question"], self.fields["when_any_of"]

    def spec(self) -> Spec:
        """The question; raises InvalidSetting where the options make none."""
        given = self.cleaned_data
        options = {name: self._option(name, given[name]) for name in self.own_fields()}
        if given.get("help"):
            options["help"] = given["help"]
        if given.get("when_question"):
            words = [word.strip() for word in given.get("when_any_of", "").split(",") if word.strip()]
            options["when"] = {"question": given["when_question"], "any_of": words or ["answered"]}
        key = given.get("was") or given.get("key") or slugify(given["text"])[:40] or given["kind"]
        return parse_question(
            key=key, kind=given["kind"], text=given["text"], required=given["required"], options=options
        )

    def own_fields(self) -> list[str]:
        """The fields that belong to the kind."""
        return [name for name in self.fields if name not in QuestionForm.base_fields and name not in EXTRA]

    def _option(self, name: str, value: Any) -> Any:
        return read_choices(value) if name in self.list_fields else value


EXTRA = ("when_question", "when_any_of", "anew")


class PreferenceForm(QuestionForm):
    levels = number(
        1, 3, 3, _("Strengths on each side"), _("1: A or B. 2: slightly, clearly. 3: the seven steps.")
    )
    tie = flag(_("Equal is an answer"), initial=True)
    neither = flag(_("Neither is an answer"), initial=True)
    better = forms.CharField(
        label=_("The word for better"),
        initial="better",
        max_length=40,
        help_text=_("As in: A slightly safer."),
    )
    tie_text = short(_("Words for equal"))
    neither_text = short(_("Words for neither"))


class RankingForm(QuestionForm):
    ties = flag(_("Two may share a rank"), initial=True)


class RatingForm(QuestionForm):
    list_fields = ("attributes",)
    attributes = lines(6, label=_("Attributes"))
    low = number(-100, 100, 1, _("Lowest point"))
    high = number(-99, 110, 5, _("Highest point"), _("2 to 11 points."))
    labels = lines(
        3, _("Words at a point, one a line: 1 | poor"), required=False, label=_("Words at the points")
    )
    na = flag(_("“Does not apply” is an answer"))
    per_candidate = flag(_("Asked of each response"), initial=True)

    def _option(self, name: str, value: Any) -> Any:
        if name == "labels":
            return {one["value"]: one.get("text", "") for one in read_choices(value)}
        return super()._option(name, value)


class ChoiceForm(QuestionForm):
    list_fields = ("options",)
    options = lines(6, label=_("Options"))
    multiple = flag(_("Several may be chosen"))
    per_candidate = flag(_("Asked of each response"))
    ordered = flag(_("These are levels, from least to most"))


class TextForm(QuestionForm):
    min_length = number(0, 20_000, 0, _("At least, in characters"))
    max_length = number(1, 200_000, 20_000, _("At most, in characters"))
    lines = number(1, 30, 1, _("Height in lines"))
    per_candidate = flag(_("Asked of each response"))
    correction = flag(_("Begins with the response, to be corrected"))


class SpansForm(QuestionForm):
    list_fields = ("labels", "severities")
    labels = lines(5, label=_("Labels"))
    severities = lines(
        3,
        format_lazy("{} {}", _("Levels from least to most."), LIST_HELP),
        required=False,
        label=_("Severities"),
    )
    overlap = flag(_("Passages may overlap"), initial=True)


FORMS: Mapping[str, type[QuestionForm]] = {
    "preference": PreferenceForm,
    "ranking": RankingForm,
    "rating": RatingForm,
    "choice": ChoiceForm,
    "text": TextForm,
    "spans": SpansForm,
}


def initial_of(spec: Spec) -> dict[str, Any]:
    """The form's fields as the question has them."""
    options = spec.options_as_dict()
    words = FORMS[spec.kind]
    given = {name: options[name] for name in words.base_fields if name in options}
    for name in words.list_fields:
        given[name] = write_choices(options[name])
    if spec.kind == "rating":
        given["labels"] = "\n".join(f"{point} | {text}" for point, text in options["labels"])
    if spec.when is not None:
        given |= {"when_question": spec.when.question, "when_any_of": ", ".join(spec.when.any_of)}
    common = {"kind": spec.kind, "was": spec.key, "text": spec.text, "help": spec.help}
    return given | common | {"required": spec.required}


def read_choices(text: str) -> list[dict[str, str]]:
    """Lines of ``key | words | meaning``; a line of words alone makes its own key."""
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|", 2)]
        if not any(parts):
            continue
        value = parts[0] if len(parts) > 1 else slugify(parts[0])[:LONGEST_KEY]
        words = parts[1] if len(parts) > 1 else parts[0]
        found.append({"value": value, "text": words, "help": parts[2] if len(parts) > 2 else ""})
    return found


def write_choices(choices: Iterable[Mapping[str, str]]) -> str:
    return "\n".join(
        " | ".join(part for part in (one["value"], one["text"], one["help"]) if part) for one in choices
    )


class RulesForm(forms.Form):
    """How the answers become one. The rules between questions are rows of ``RuleRowForm``."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)
    keep = number(
        1, 9, 3, _("Answers kept"), _("Where a question is settled by the answers that agree most.")
    )
    most_spread = number(0, 100, 2, _("How far apart they may be"))
    margin = forms.FloatField(
        min_value=0, max_value=100, initial=0, label=_("A difference up to this is a tie"), required=False
    )

    def __init__(self, *args: Any, specs: Sequence[Spec], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        comparing = [(spec.key, spec.text[:80]) for spec in specs if compares(spec.options)]
        attributes = sorted({one.value for spec in specs for one in getattr(spec.options, "attributes", ())})
        self.fields["verdict"] = forms.ChoiceField(
            label=_("A pair is decided by"),
            required=False,
            choices=[("", _("The first that can")), *comparing],
        )
        for name, label in (
            ("attribute", _("Where that is a rating: by")),
            ("primary", _("The answers kept are chosen by")),
        ):
            self.fields[name] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[("", _("all attributes")), *((one, one) for one in attributes)],
            )
        self.fields["judges"] = forms.ChoiceField(
            label=_("Whose answers count among people"),
            choices=[("everyone", _("everybody’s")), ("experts", _("those of experts alone"))],
            help_text=_("An expert has the expertise that an item asks for, or any where it asks for none."),
            required=False,
        )
        self.rule_names = [f"rule_{place}" for place in range(len(specs))]
        self.specs = specs
        for name, spec in zip(self.rule_names, specs, strict=True):
            if len(RULES[spec.kind]) > 1:
                self.fields[name] = forms.ChoiceField(
                    label=spec.text[:80],
                    choices=[(rule, RULE_WORDS[rule]) for rule in RULES[spec.kind]],
                )
        self.order_fields(["verdict", "judges", "attribute", "margin", *self.rule_names, "primary"])

    def settling(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """The settle rules as a project keeps them; what the form does not show stays as it is."""
        given = self.cleaned_data
        rules = {
            spec.key: given[name]
            for name, spec in zip(self.rule_names, self.specs, strict=True)
            if name in given
        }
        plain = {name: given[name] for name in ("verdict", "attribute", "primary", "keep", "most_spread")}
        plain["judges"] = given["judges"] or "everyone"
        return {**now, **plain, "margin": given["margin"] or 0, "rules": rules}


RULE_WORDS = {
    "majority": _("by majority"),
    "agreeing": _("by the answers that agree most"),
    "ranked_pairs": _("by ranked pairs"),
    "mean": _("by the mean"),
    "median": _("by the median"),
    "kept": _("kept as they are"),
}


class RuleRowForm(forms.Form):
    """One rule between two questions; a row without a comparison is none."""

    message = short(_("What to say"), most=500)

    def __init__(self, *args: Any, specs: Sequence[Spec], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        asked = [("", "–"), *((spec.key, spec.text[:60]) for spec in specs)]
        comparing = [
            ("", _("No rule")),
            *((spec.key, spec.text[:60]) for spec in specs if spec.kind in ("preference", "ranking")),
        ]
        self.fields["compare"] = forms.ChoiceField(
            label=_("The answer to"), required=False, choices=comparing
        )
        self.fields["with"] = forms.ChoiceField(label=_("must go with"), required=False, choices=asked)
        self.fields["value"] = short(_("its attribute or value"), _("Empty: all of it."), most=LONGEST_KEY)
        self.fields["better"] = forms.ChoiceField(
            label=_("where better is"), choices=[("higher", _("higher")), ("lower", _("lower"))]
        )
        self.fields["strict"] = flag(_("and a tie goes against it"))
        self.fields["effect"] = forms.ChoiceField(
            label=_("Else"), choices=[("warn", _("warn")), ("refuse", _("refuse"))]
        )
        self.kinds = {spec.key: spec.kind for spec in specs}
        self.order_fields(["compare", "with", "value", "better", "effect", "message", "strict"])

    def rule(self) -> dict[str, Any] | None:
        given = self.cleaned_data
        if not given["compare"]:
            return None
        if not given["with"]:
            raise InvalidSetting("This rule has one side only.", field="with", cure="Choose its other side.")
        told = {name: given[name] for name in ("compare", "with", "better", "strict", "effect", "message")}
        about = "attribute" if self.kinds[given["with"]] == "rating" else "value"
        return {**told, about: given["value"]}
