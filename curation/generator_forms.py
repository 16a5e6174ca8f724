"""The form of a project's generator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.models import Generator


class GeneratorForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Under a name that exists, its settings are replaced.")
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=300,
        help_text=_(
            "A local folder, owner/name@commit, or what the endpoint serves. Empty: the packaged one."
        ),
    )
    url = forms.CharField(
        label=_("Endpoint"),
        required=False,
        max_length=500,
        help_text=_("OpenAI-compatible, such as http://localhost:8000/v1. Empty: a local model."),
    )
    key_name = forms.CharField(
        label=_("Name of the key"),
        required=False,
        max_length=60,
        help_text=_("As the workers know it in WINNOW_ENDPOINT_KEYS. The key itself is never typed here."),
    )
    per_prompt = forms.IntegerField(label=_("Candidates per prompt"), initial=1, min_value=1, max_value=9)
    temperature = forms.FloatField(label=_("Temperature"), initial=0.8, min_value=0, max_value=2)
    top_p = forms.FloatField(label=_("Top-p"), initial=0.95, min_value=0.01, max_value=1)
    max_new_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"), initial=160, min_value=1, max_value=4096
    )
    seed = forms.IntegerField(label=_("Seed"), initial=0)
    system = forms.CharField(
        label=_("System prompt"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    stop = forms.CharField(
        label=_("Stop strings"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, up to four."),
    )
    on_policy = forms.BooleanField(
        label=_("This is the model that will be trained"),
        required=False,
        help_text=_("One generator at most."),
    )

    def clean_stop(self) -> list[str]:
        return [line for line in self.cleaned_data["stop"].splitlines() if line]

    @classmethod
    def about(cls, generator: Generator) -> GeneratorForm:
        """A form that shows a stored generator."""
        shown = {name: getattr(generator, name) for name in cls.base_fields}
        form = cls(initial=shown | {"stop": "\n".join(generator.stop)})
        return form.keep_name()

    def keep_name(self) -> GeneratorForm:
        """For a generator that exists: its name is what it is kept under, so no field offers to change it."""
        self.fields["name"].widget = forms.HiddenInput()
        return self

    def settings(self) -> dict[str, Any]:
        return dict(self.cleaned_data)
