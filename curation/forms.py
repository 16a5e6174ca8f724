from __future__ import annotations

from typing import Any

from django import forms

from annotate.enums import ImportMode, Role
from curation.enums import PolicyKind, Pool


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    overlap = forms.IntegerField(
        min_value=1, max_value=100, initial=1, help_text="People asked about each item."
    )
    guidelines = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Markdown. Annotators see them beside every item.",
    )


class SettingsForm(forms.Form):
    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    overlap = forms.IntegerField(
        min_value=1, max_value=100, help_text="People asked about each item that is routed from now on."
    )
    lease_minutes = forms.IntegerField(
        min_value=1, max_value=1440, help_text="How long an item is kept for the person who reads it."
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput)


class ImportForm(forms.Form):
    file = forms.FileField(help_text="JSONL or CSV, plain or gzip, up to 512 MiB.")
    mode = forms.ChoiceField(choices=ImportMode.choices, initial=ImportMode.STRICT, widget=forms.RadioSelect)


class GenerateForm(forms.Form):
    k = forms.IntegerField(label="Candidates per prompt", initial=2, min_value=2, max_value=9)
    temperature = forms.FloatField(initial=0.8, min_value=0, max_value=2)
    top_p = forms.FloatField(label="Top-p", initial=0.95, min_value=0.01, max_value=1)
    seed = forms.IntegerField(initial=0)
    max_new_tokens = forms.IntegerField(
        label="Longest response, in tokens", initial=160, min_value=1, max_value=4096
    )
    url = forms.CharField(
        label="Endpoint",
        required=False,
        help_text="OpenAI-compatible, such as http://localhost:8000/v1. Empty: the local model.",
    )
    model = forms.CharField(label="Model at the endpoint", required=False)


class PolicyForm(forms.Form):
    kind = forms.ChoiceField(
        choices=PolicyKind.choices, widget=forms.RadioSelect, initial=PolicyKind.EVERYONE
    )
    human_budget = forms.IntegerField(
        label="Items for people", required=False, min_value=0, help_text="Empty: all of them."
    )
    ask_models = forms.BooleanField(label="Ask model judges about every item", required=False, initial=True)
    seed = forms.IntegerField(initial=0)


class RecipeForm(forms.Form):
    """The three steps of a recipe, each with its setting."""

    name = forms.CharField(max_length=120, initial="Clean pairs")
    pool = forms.ChoiceField(label="Judgments of", choices=Pool.choices, initial=Pool.PEOPLE_FIRST)
    drop_alike = forms.BooleanField(
        label="Drop pairs that are too alike (LN-CHES)", required=False, initial=True
    )
    top_percent = forms.FloatField(label="Highest per cent", initial=10, min_value=0, max_value=100)
    drop_duplicates = forms.BooleanField(label="Drop exact duplicates", required=False, initial=True)
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def keep_name(self) -> RecipeForm:
        """For a recipe that exists: its name is what it is kept under, so no field offers to change it."""
        self.fields["name"].widget = forms.HiddenInput()
        return self

    def steps(self) -> list[dict[str, Any]]:
        """The recipe as it is stored; the undecided are always dropped, for they have no chosen side."""
        chosen: list[dict[str, Any]] = [{"step": "drop_undecided"}]
        if self.cleaned_data["drop_alike"]:
            chosen.append({"step": "drop_alike", "top_percent": self.cleaned_data["top_percent"]})
        if self.cleaned_data["drop_duplicates"]:
            chosen.append({"step": "drop_duplicates"})
        return chosen

    @classmethod
    def about(cls, recipe: Any) -> RecipeForm:
        """A form that shows a stored recipe."""
        steps = {step["step"]: step for step in recipe.steps}
        return cls(
            initial={
                "name": recipe.name,
                "pool": recipe.pool,
                "drop_alike": "drop_alike" in steps,
                "top_percent": steps.get("drop_alike", {}).get("top_percent", 10),
                "drop_duplicates": "drop_duplicates" in steps,
                "expected_version": recipe.version,
            }
        )


class MemberForm(forms.Form):
    username = forms.CharField(max_length=150)
    role = forms.ChoiceField(choices=Role.choices, initial=Role.ANNOTATOR)


class GuidelineForm(forms.Form):
    text = forms.CharField(
        label="Guidelines", widget=forms.Textarea(attrs={"rows": 16}), help_text="Markdown."
    )
