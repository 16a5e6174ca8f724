"""The forms of a routing policy, and of scores that one is learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.enums import PolicyKind
from curation.services.mixture_jobs import MOST_BYTES

if TYPE_CHECKING:
    from curation.numerics.routing.planning import Prices


class PolicyForm(forms.Form):
    """A policy with its budget, and the prices by which the budget is planned."""

    kind = forms.ChoiceField(
        label=_("Policy"), choices=PolicyKind.choices, widget=forms.RadioSelect, initial=PolicyKind.EVERYONE
    )
    human_budget = forms.FloatField(
        label=_("Budget for people"), required=False, min_value=0, help_text=_("Empty: no limit.")
    )
    budget_unit = forms.ChoiceField(
        label=_("Counted in"),
        choices=[
            ("items", _("items")),
            ("share", _("% of the items")),
            ("money", _("money, models included")),
        ],
        required=False,
    )
    ask_models = forms.BooleanField(
        label=_("Ask model judges about every item"), required=False, initial=True
    )
    price_person = forms.FloatField(
        label=_("Price of a judgment by a person"), required=False, min_value=0, initial=0.5
    )
    price_model = forms.FloatField(
        label=_("Price of a judgment by a model"), required=False, min_value=0, initial=0.002
    )
    seconds = forms.FloatField(label=_("Seconds a person takes"), required=False, min_value=0)
    audit = forms.FloatField(
        label=_("Random audit, % of the budget"),
        required=False,
        min_value=0,
        max_value=100,
        initial=5,
        help_text=_(
            "Drawn from what is left to models, so that drift shows. Not for the first two policies."
        ),
    )
    required_safety = forms.BooleanField(
        label=_("Everything of moderate or high safety concern goes to people"), required=False
    )
    rules = forms.CharField(
        label=_("Rules: tags that go first"),
        required=False,
        max_length=2000,
        help_text=_("With commas between, such as “complexity: complex, subject: law”. For “By rules”."),
    )
    experts = forms.CharField(
        label=_("Experts"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A line for each subject: “law = lawyer” asks judges with the expertise “lawyer”."),
    )
    judge = forms.CharField(
        label=_("Model judge"),
        required=False,
        max_length=320,
        help_text=_("Whose labels stand where no person is asked. Empty: the one with most verdicts."),
    )
    retrain_every = forms.IntegerField(
        label=_("Learn again after so many new labels"),
        required=False,
        min_value=0,
        initial=0,
        help_text=_("0: never. For the learned policies."),
    )
    seed = forms.IntegerField(label=_("Seed"), initial=0, required=False)

    def clean_experts(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["experts"].splitlines():
            subject, equals, expertise = (part.strip() for part in line.partition("="))
            if line.strip() and not (equals and subject and expertise and len(expertise) <= 60):
                raise forms.ValidationError(_("Write each line as: subject = expertise."))
            if line.strip():
                found[subject.lower()] = expertise
        return found

    def prices(self, *, overlap: int, seconds: float) -> Prices:
        from curation.numerics.routing.planning import Prices

        given = self.cleaned_data
        return Prices(
            person=given.get("price_person") or 0.0,
            model=given.get("price_model") or 0.0,
            seconds=given.get("seconds") or seconds,
            overlap=overlap,
        )

    def budget_items(self, *, items: int, prices: Prices) -> int | None:
        """The budget as a number of items; None for no limit. A share over 100 is all."""
        from curation.numerics.routing.planning import items_for

        given = self.cleaned_data
        if given.get("human_budget") is None:
            return None
        unit = given.get("budget_unit") or "items"
        amount = min(given["human_budget"], 100.0) if unit == "share" else given["human_budget"]
        return items_for(amount, unit, items=items, prices=prices, ask_models=given["ask_models"])

    def policy(self, *, items: int, prices: Prices) -> dict[str, Any]:
        """The arguments of ``make_policy``, as plain data."""
        given = self.cleaned_data
        rules = [one.strip().lower() for one in given["rules"].split(",") if one.strip()]
        settings: dict[str, Any] = {
            "audit": (given["audit"] or 0.0) / 100,
            "required": ["safety: moderate", "safety: high"] if given["required_safety"] else [],
            "experts": given["experts"],
            "judge": given["judge"],
            "retrain_every": given["retrain_every"] or 0,
        }
        if rules:
            settings["rules"] = rules
        if given["human_budget"] is not None:
            settings["budget_as"] = {
                "amount": given["human_budget"],
                "unit": given["budget_unit"] or "items",
                "person": prices.person,
                "model": prices.model,
            }
        return {
            "kind": given["kind"],
            "human_budget": self.budget_items(items=items, prices=prices),
            "seed": given["seed"] or 0,
            "ask_models": given["ask_models"],
            "settings": settings,
        }


class ScoresForm(forms.Form):
    """Scores of real reward models, one for each mixture that was written."""

    scores = forms.FileField(
        label=_("Scores"),
        max_length=200,
        help_text=_("CSV with the columns candidate and score; a higher score is better."),
    )
    budget = forms.IntegerField(
        label=_("Items for people"), required=False, min_value=0, help_text=_("Empty: no limit.")
    )

    def clean_scores(self) -> Any:
        given = self.cleaned_data["scores"]
        if given.size > MOST_BYTES:
            raise forms.ValidationError(_("This is more than the scores of any mixtures."))
        return given
