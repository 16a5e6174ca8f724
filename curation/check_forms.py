from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.enums import ItemPurpose, Verdict
from annotate.errors import InvalidSetting
from annotate.models import Item, Project


class CheckedItemForm(forms.Form):
    """An item of the work that is to become a check."""

    item = forms.CharField(label=_("Item"), max_length=512, help_text=_("Its id, as imported."))

    def item_of(self, project: Project) -> Item:
        """The item by its id. Raises InvalidSetting where the project has none of this id."""
        found = project.items.filter(external_id=self.cleaned_data["item"].strip()).first()
        if found is None:
            raise InvalidSetting("There is no item of this id.", field="item", cure="Look it up under Items.")
        return found


class GoldForm(forms.Form):
    """What a check is for, and how near to the lead's answers is right."""

    purpose = forms.TypedChoiceField(
        label=_("Use"),
        choices=[
            (ItemPurpose.GOLD, _("Between the work, as gold")),
            (ItemPurpose.QUALIFICATION, _("Before the work, in the qualification")),
        ],
        coerce=ItemPurpose,
        initial=ItemPurpose.GOLD,
    )
    tolerance = forms.IntegerField(
        label=_("Points a rating may be off"), min_value=0, max_value=10, initial=1, required=True
    )
    also = forms.MultipleChoiceField(
        label=_("Of a preference, right too"),
        choices=[(one.value, one.label) for one in Verdict if one != Verdict.UNDECIDED],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    explanation = forms.CharField(
        label=_("Explanation"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown after the answer where people are told how they did."),
    )


class TrapForm(forms.Form):
    count = forms.IntegerField(label=_("Traps to make"), min_value=1, max_value=500, initial=20)
