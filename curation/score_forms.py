from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from curation.enums import Scorer
from curation.selectors.model_shelf import ShelfModel

GIVES_WORDS = {
    "text": _("a language model"),
    "reward": _("a reward model"),
    "pair": _("reads two side by side"),
}
# What is asked, by what the form calls it: scorer and form.
ASKED = {
    "ches": (Scorer.CHES, ""),
    "logprob": (Scorer.LOGPROB, ""),
    "single": (Scorer.REWARD, "single"),
    "pair": (Scorer.REWARD, "pair"),
}


class ModelScoreForm(forms.Form):
    """A model and what to ask it: one of this machine, or one to be fetched from the hub."""

    what = forms.ChoiceField(
        label=_("Ask for"),
        choices=[
            ("single", _("Rewards: a number for each response")),
            ("pair", _("Rewards: both responses side by side (PairRM)")),
            ("logprob", _("Log-probabilities and LN-CHES, by the model to be trained")),
            ("ches", _("LN-CHES alone")),
        ],
    )
    here = forms.ChoiceField(label=_("A model of this machine"), required=False)
    model = forms.CharField(
        label=_("Or another"),
        required=False,
        max_length=300,
        help_text=_("owner/name@commit, with the commit's 40 hex digits, is fetched from the hub once."),
    )

    def __init__(self, *args: Any, shelf: list[ShelfModel], **more: Any) -> None:
        super().__init__(*args, **more)
        usable = [
            (one.name, format_lazy("{} ({})", one.name, GIVES_WORDS[one.gives])) for one in shelf if one.gives
        ]
        field = self.fields["here"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), ("smollm2", _("The packaged model (writes text)")), *usable]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        typed, picked = found.get("model", "").strip(), found.get("here", "")
        if typed and picked:
            self.add_error("model", _("Two models are named. Pick one, or type one."))
        elif not typed and not picked and not self.errors:
            self.add_error("here", _("Which model? Pick one, or type one."))
        return found

    def asked(self) -> tuple[str, dict[str, Any]]:
        """Scorer and parameters for ``score_items``."""
        scorer, form = ASKED[self.cleaned_data["what"]]
        parameters = {"model": self.cleaned_data["model"].strip() or self.cleaned_data["here"]}
        return scorer.value, parameters | ({"form": form} if form else {})


class ScoreTableForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("JSON lines, CSV or Parquet; plain or compressed with gzip.")
    )
