from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotate.enums import FlagState, ImportMode, Role
from annotate.questions.presets import PRESETS, STRENGTH
from annotate.readers.foreign import SOURCES
from annotate.readers.foreign.mapping import FIELDS, REQUIRED
from annotate.rules.flow import MOST_CHECKS, FlowRules

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class ProjectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    preset = forms.ChoiceField(
        label=_("Questions"),
        choices=[(preset.name, _(preset.title)) for preset in PRESETS.values()],
        required=False,
        help_text=_("What to begin with; everything can be changed on the page of the questions."),
    )
    overlap = forms.IntegerField(
        label=_("Overlap"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=_("People asked about each item. Empty: as many as the questions want."),
    )
    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Markdown. Annotators see them beside every item."),
    )

    def clean_preset(self) -> str:
        return self.cleaned_data["preset"] or STRENGTH.name


# Five without a network, one since the last heartbeat that got through, and one to spare.
LEAST_LEASE_MINUTES = 7


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    lease_minutes = forms.IntegerField(
        label=_("Lease minutes"),
        min_value=LEAST_LEASE_MINUTES,
        max_value=1440,
        help_text=format_lazy(
            _(
                "How long an item is kept for the person who reads it: at least {least}, so that five minutes"
                " without a network cost nobody an answer."
            ),
            least=LEAST_LEASE_MINUTES,
        ),
    )
    show_lengths = forms.BooleanField(
        label=_("Show lengths"),
        required=False,
        help_text=_("Tell judges how many words a response has. Off is better: length sways a verdict."),
    )
    max_flip_rate = forms.FloatField(
        label=_("Flips a model judge may have"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_("Share of pairs. One that turns more often is asked only where people judge too."),
    )
    max_steering = forms.FloatField(
        label=_("Steering a model judge may allow"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_(
            "How much more often injected lines may turn its verdict than harmless ones, as a share of tries."
            " One that is steered more often is asked only where people judge too."
        ),
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput)


# Not a source: the columns are told on a page of their own.
BY_HAND = "by-hand"


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("JSONL, CSV or Parquet; text may be packed with gzip; up to 512 MiB.")
    )
    source = forms.ChoiceField(
        label=_("Whose file is it?"),
        required=False,
        choices=[
            ("", _("Winnow, TRL or plain pairs: recognised by itself")),
            (BY_HAND, _("Another table: I say which column is which")),
            *((one.name, format_lazy("{}: {}", _(one.title), _(one.about))) for one in SOURCES.values()),
        ],
    )
    mode = forms.ChoiceField(
        label=_("Mode"), choices=ImportMode.choices, initial=ImportMode.STRICT, widget=forms.RadioSelect
    )


def field_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


class MappingForm(forms.Form):
    """Which column is which of our fields; nothing chosen leaves a field out."""

    mode = forms.ChoiceField(
        label=_("Mode"), choices=ImportMode.choices, initial=ImportMode.STRICT, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=_(field_words(name)),
                choices=[("", "–"), *((column, column) for column in columns)],
                required=name in REQUIRED,
                help_text=_(words),
            )

    def mapping(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data.get(name)}


class GenerateForm(forms.Form):
    k = forms.IntegerField(label=_("Candidates per prompt"), initial=2, min_value=2, max_value=9)
    temperature = forms.FloatField(label=_("Temperature"), initial=0.8, min_value=0, max_value=2)
    top_p = forms.FloatField(label=_("Top-p"), initial=0.95, min_value=0.01, max_value=1)
    seed = forms.IntegerField(label=_("Seed"), initial=0)
    max_new_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"), initial=160, min_value=1, max_value=4096
    )
    url = forms.CharField(
        label=_("Endpoint"),
        required=False,
        help_text=_("OpenAI-compatible, such as http://localhost:8000/v1. Empty: the local model."),
    )
    model = forms.CharField(label=_("Model at the endpoint"), required=False)


class MemberForm(forms.Form):
    username = forms.CharField(label=_("Username"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.ANNOTATOR)


class GuidelineForm(forms.Form):
    text = forms.CharField(
        label=_("Guidelines"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Markdown. Examples help most: a pair, the right answer, and why."),
    )
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)


STOPS = (
    ("posterior", _("Until the leading answer is sure")),
    ("spread", _("Until the numbers are close together")),
    ("never", _("Always ask the most")),
)


def percent(
    label: _StrOrPromise, *, most: int = 100, least: int = 0, help_text: _StrOrPromise = ""
) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text)


class FlowForm(forms.Form):
    """The rules of the flow as a lead edits them, in four groups."""

    GROUPS = (
        (_("People per item"), ("overlap", "overlap_max", "stop", "sure_at", "most_spread", "spread_on")),
        (_("At the desk"), ("max_open_leases", "price_per_judgment", "suggestions", "suggestion_holdout")),
        (_("Checks between the work"), ("gold_percent", "repeat_percent", "trap_percent", "gold_feedback")),
        (_("Before the work"), ("pass_mark",)),
    )

    overlap = forms.IntegerField(label=_("At least"), min_value=1, max_value=100)
    overlap_max = forms.IntegerField(
        label=_("At most"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("Empty: no more than the least."),
    )
    stop = forms.ChoiceField(label=_("Ask one more"), choices=STOPS)
    sure_at = percent(
        _("Sure at, per cent"),
        least=51,
        most=99,
        help_text=_("Chance that the leading answer leads in truth."),
    )
    most_spread = forms.IntegerField(label=_("Close together: a spread of"), min_value=0, max_value=10)
    spread_on = forms.CharField(
        label=_("Of one number alone"),
        required=False,
        max_length=130,
        help_text=_("A question, or a question and its attribute: ratings.helpfulness. Empty: every number."),
    )
    max_open_leases = forms.IntegerField(
        label=_("Unfinished items per person"),
        min_value=1,
        max_value=20,
        help_text=_("2 or more let the desk fetch the next item ahead."),
    )
    price_per_judgment = forms.DecimalField(
        label=_("Price of a judgment"), required=False, min_value=0, max_digits=8, decimal_places=4
    )
    suggestions = forms.BooleanField(
        label=_("Show what a model would say, after the first answer"), required=False
    )
    suggestion_holdout = percent(
        _("Never on, per cent of the items"),
        help_text=_("The share that the suggestion's pull is measured by."),
    )
    gold_percent = percent(_("Gold, per cent of the turns"), most=MOST_CHECKS)
    repeat_percent = percent(_("Hidden repeats, per cent"), most=MOST_CHECKS)
    trap_percent = percent(_("Traps, per cent"), most=MOST_CHECKS)
    gold_feedback = forms.BooleanField(label=_("Tell people how they did on gold"), required=False)
    pass_mark = forms.IntegerField(
        label=_("Qualification: per cent that must be right"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("Empty: everybody starts with the work."),
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    def rules(self) -> dict[str, Any]:
        return {one.name: self.cleaned_data[one.name] for one in fields(FlowRules)}

    def grouped(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(str(title), [self[name] for name in names]) for title, names in self.GROUPS]

    def after(self, version: int) -> FlowForm:
        """The same form over what the project is now: sending it again overwrites knowingly."""
        return FlowForm(initial=self.cleaned_data | {"expected_version": version})


class FinalForm(forms.Form):
    """The reason for a final answer, and which answers the reviewer had before them."""

    reason = forms.CharField(label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    judgments = forms.CharField(max_length=2000, required=False)

    def seen(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["judgments"].split(",") if pk.isdecimal()]


class FlagAnswerForm(forms.Form):
    state = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (FlagState.KEPT, FlagState.SET_ASIDE)]
    )
    note = forms.CharField(max_length=2000, required=False)


class ExpertiseForm(forms.Form):
    expertise = forms.CharField(
        label=_("Expertise"),
        max_length=1000,
        required=False,
        help_text=_("Tags with commas between them. Items may ask for one of them."),
    )
