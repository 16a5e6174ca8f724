"""Forms of the judges' pages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from curation.prompts.spec import ASPECTS, JudgeSpec
from curation.prompts.wording import PAIR_TEMPLATE, PLACEHOLDERS
from curation.services.steering import SIZES

BACKEND_WORDS = (
    ("local", _("A local language model, read by its probabilities")),
    ("endpoint", _("An OpenAI-compatible endpoint")),
    ("reward", _("A local reward model")),
    ("strength", _("A head trained on this project's own judgments by people")),
)
REPLY_WORDS = (("letter", _("One letter")), ("json", _("A JSON object with a reason")))
MILLION = 1_000_000


class JudgeForm(forms.Form):
    """A judge's settings. ``seen`` names the template and questions of the preview that was looked at."""

    name = forms.CharField(label=_("Name"), max_length=120, initial=_("My judge"))
    backend = forms.ChoiceField(label=_("Who answers"), choices=BACKEND_WORDS, initial="local")
    url = forms.CharField(
        label=_("Endpoint"), required=False, max_length=500, help_text=_("Such as http://localhost:8000/v1.")
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=300,
        help_text=_("Its name at the endpoint or among the local models; empty: the packaged one."),
    )
    key_name = forms.CharField(
        label=_("Name of the key"),
        required=False,
        max_length=60,
        help_text=_("As the workers know it in WINNOW_ENDPOINT_KEYS. The key itself is never typed here."),
    )
    logprobs = forms.BooleanField(
        label=_("Read the letters' log-probabilities"), required=False, initial=True,
        help_text=_("Switch off for endpoints that give none: then the text is read."),
    )  # fmt: skip
    reply = forms.ChoiceField(label=_("The text must be"), choices=REPLY_WORDS, initial="letter")
    questions = forms.MultipleChoiceField(label=_("Questions"), widget=forms.CheckboxSelectMultiple)
    principles = forms.CharField(
        label=_("Principles"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line. Each is asked about by itself and votes; empty: the whole is judged."),
    )
    aspects = forms.MultipleChoiceField(
        label=_("Aspects"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(one, _(one.replace("_", " "))) for one in ASPECTS],
        help_text=_("Each response is rated 1 to 5 on each, one call apiece, beside the overall question."),
    )
    reference = forms.BooleanField(
        label=_("Show the item's reference answer"),
        required=False,
        help_text=_("The “reference” of its meta."),
    )
    demonstrations = forms.CharField(
        label=_("Examples"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_('One JSON object a line: {"prompt": …, "first": …, "second": …, "verdict": "first"}.'),
    )
    samples = forms.IntegerField(label=_("Samples in each order"), initial=1, min_value=1, max_value=15)
    temperature = forms.FloatField(label=_("Temperature"), initial=0, min_value=0, max_value=2)
    tie_band = forms.FloatField(
        label=_("Tie band"),
        initial=0.05,
        min_value=0,
        max_value=0.5,
        help_text=_("A probability this close to ½ is a tie."),
    )
    keep_share = forms.FloatField(
        label=_("Least share of samples that must agree"), initial=0.7, min_value=0.5, max_value=1
    )
    template = forms.CharField(
        label=_("Template"),
        widget=forms.Textarea(attrs={"rows": 14, "class": "mono"}),
        initial=PAIR_TEMPLATE,
        strip=False,
        help_text=format_lazy(
            _("Each of {names} once, {answer} at the end."),
            names=", ".join("{" + one + "}" for one in PLACEHOLDERS),
            answer="{answer}",
        ),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, questions: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["questions"].choices = questions  # type: ignore[attr-defined]  # a field of choices
        self.fields["questions"].initial = [key for key, _words in questions]

    def clean_demonstrations(self) -> list[Any]:
        try:
            return [
                json.loads(line) for line in self.cleaned_data["demonstrations"].splitlines() if line.strip()
            ]
        except ValueError as trouble:
            raise forms.ValidationError(_("Each line must be one JSON object.")) from trouble

    def clean_template(self) -> str:
        # A browser sends line ends of its own, which would make another version of the same words.
        return str(self.cleaned_data["template"]).replace("\r\n", "\n")

    def show_seen(self, digest: str) -> None:
        """Render the form again with the preview that is now on the page."""
        data = QueryDict(mutable=True)
        for name in self.data:
            values = self.data.getlist(name) if isinstance(self.data, QueryDict) else [self.data[name]]
            data.setlist(name, values)
        data["seen"] = digest
        self.data = data

    def given(self) -> dict[str, Any]:
        """The settings as ``save_judge`` takes them."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in ("name", "seen")}
        return values | {"principles": values["principles"].splitlines()}

    @classmethod
    def initial_of(cls, name: str, spec: JudgeSpec) -> dict[str, Any]:
        values = spec.as_dict()
        lines = [json.dumps(one, ensure_ascii=False) for one in values["demonstrations"]]
        return values | {
            "name": name,
            "principles": "\n".join(spec.principles),
            "demonstrations": "\n".join(lines),
            "questions": list(spec.questions),
            "aspects": list(spec.aspects),
        }


class LimitsForm(forms.Form):
    """Caps and prices of a judge, in the currency in which its provider charges."""

    spend_cap = forms.DecimalField(
        label=_("Spend cap"), required=False, min_value=0, max_digits=12, decimal_places=6,
        help_text=_("For all versions together; empty: no cap."),
    )  # fmt: skip
    price_in = forms.DecimalField(
        label=_("Price of a million tokens read"), min_value=0, max_digits=12, decimal_places=6, initial=0
    )
    price_out = forms.DecimalField(
        label=_("Price of a million tokens written"), min_value=0, max_digits=12, decimal_places=6, initial=0
    )
    calls_per_minute = forms.IntegerField(
        label=_("Calls a minute at most"),
        min_value=0,
        max_value=100_000,
        initial=0,
        help_text=_("0: no cap."),
    )

    def given(self) -> dict[str, Any]:
        """In millionths."""
        cleaned = self.cleaned_data
        cap: Decimal | None = cleaned["spend_cap"]
        return {
            "spend_cap": None if cap is None else int(cap * MILLION),
            "price_in": int(cleaned["price_in"] * MILLION),
            "price_out": int(cleaned["price_out"] * MILLION),
            "calls_per_minute": cleaned["calls_per_minute"],
        }


class TrialForm(forms.Form):
    """On how many pairs injected lines are to be tried."""

    pairs = forms.IntegerField(label=_("Pairs"), min_value=1, max_value=SIZES[-1])
