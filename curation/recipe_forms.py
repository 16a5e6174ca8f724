from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.language import said
from annotate.models import Project
from annotate.selectors.questions import preferences_of
from curation.enums import Pool
from curation.models import Recipe

if TYPE_CHECKING:
    from curation.services.hub_tokens import KeptToken


class RecipeForm(forms.Form):
    """What a recipe has besides its steps."""

    name = forms.CharField(label=_("Name"), max_length=120, initial=_("Clean pairs"))
    pool = forms.ChoiceField(label=_("Judgments of"), choices=Pool.choices, initial=Pool.PEOPLE_FIRST)
    question = forms.ChoiceField(label=_("Pairs are about"), required=False)
    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, project: Project, **more: Any) -> None:
        super().__init__(*args, **more)
        asked = [(one.key, one.text) for one in preferences_of(project)]
        self.fields["question"].choices = [("", _("The project's verdict")), *asked]  # type: ignore[attr-defined]  # a field of choices
        if len(asked) < 2:
            self.fields["question"].widget = forms.HiddenInput()

    def about(self, recipe: Recipe | None = None) -> dict[str, str]:
        """Which pairs: as chosen in the form, or as the recipe has it."""
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        pool = given.get("pool") or (recipe.pool if recipe else Pool.PEOPLE_FIRST)
        standing = recipe.question if recipe else ""
        return {"pool": str(pool), "question": given.get("question", standing)}

    def keep_name(self) -> RecipeForm:
        """For a recipe that exists: its name is what it is kept under, so no field offers to change it."""
        self.fields["name"].widget = forms.HiddenInput()
        return self

    @classmethod
    def showing(cls, recipe: Recipe) -> RecipeForm:
        """A form that shows a stored recipe."""
        shown = {name: getattr(recipe, name) for name in ("name", "pool", "question")}
        return cls(project=recipe.project, initial=shown | {"expected_version": recipe.version})


class RecipeTextForm(forms.Form):
    text = forms.CharField(
        label=_("Recipe as YAML"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )


class EvaluationSetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    file = forms.FileField(
        label=_("File"), help_text=_("One prompt a line, or JSON lines; UTF-8, up to 64 MiB.")
    )


POLICY_WORDS = (
    ("", _("As the format has it first")),
    ("drop", _("Dropped")),
    ("both_orders", _("A row in each order")),
    ("both_good", _("Both good")),
    ("both_bad", _("Both bad")),
)


class FreezeForm(forms.Form):
    format = forms.ChoiceField(label=_("Format"))
    shape = forms.ChoiceField(
        label=_("Shape"),
        choices=[
            ("", _("As the format has it first")),
            ("conversational", _("Messages")),
            ("standard", _("Plain texts")),
        ],
        required=False,
    )
    ties = forms.ChoiceField(label=_("Ties become"), required=False)
    neither = forms.ChoiceField(label=_("Neither becomes"), required=False)
    undecided = forms.ChoiceField(label=_("Disagreement becomes"), required=False)
    evaluate = forms.BooleanField(
        label=_("Evaluate the recipe first, and say so on the card"),
        required=False,
        help_text=_("Trains reward heads on frozen embeddings: a few minutes."),
    )
    acknowledge = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label=_("Why it may go out, where a version turns much"),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        from curation.services.releasing import format_choices

        self.fields["format"].choices = [(name, said(title)) for name, title in format_choices()]  # type: ignore[attr-defined]  # a field of choices
        for name in ("ties", "neither", "undecided"):
            self.fields[name].choices = POLICY_WORDS  # type: ignore[attr-defined]  # a field of choices

    @staticmethod
    def policy_words() -> dict[str, str]:
        return {name: str(words) for name, words in POLICY_WORDS}

    def options(self) -> dict[str, Any]:
        """What was chosen, as the format reads it; what was left open is the format's own."""
        given = self.cleaned_data
        policies = {name: given[name] for name in ("ties", "neither", "undecided") if given[name]}
        return ({"shape": given["shape"]} if given["shape"] else {}) | (
            {"policies": policies} if policies else {}
        )


class PublishForm(forms.Form):
    """Where to send a release; repository and token are for a hub. ``kept``: the reader's own token, where
    there is one."""

    to = forms.ChoiceField(label=_("Send to"))
    repository = forms.CharField(
        label=_("Repository"), max_length=193, required=False, help_text=_("For a hub: owner/name.")
    )
    token = forms.CharField(
        label=_("Your hub token"), max_length=600, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("One that may write. It is kept sealed, for you alone, and never shown again."),
    )  # fmt: skip
    key_name = forms.CharField(
        label=_("Or a token of the workers"), max_length=80, required=False,
        help_text=_("Its name, where whoever runs Winnow has set one in WINNOW_ENDPOINT_KEYS."),
    )  # fmt: skip
    private = forms.BooleanField(label=_("Private repository"), required=False, initial=True)

    def __init__(self, *args: Any, kept: KeptToken | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        from curation.services.publishing import HUB, target_names

        if kept is not None and kept.opens:
            standing = _("Left empty, the one that is kept for you: …%(ending)s.")
            self.fields["token"].help_text = standing % {"ending": kept.ending}

        words = {HUB: "Hugging Face Hub"}
        self.fields["to"].choices = [(name, words.get(name, name)) for name in target_names()]  # type: ignore[attr-defined]  # a field of choices
