from __future__ import annotations

from typing import Any

from django import forms

from annotate.errors import InvalidAnswer

# What the seven stops say about the sides as shown; 4 is the middle.
MIDDLE = 4


class VerdictForm(forms.Form):
    """One answer as the desk's page posts it: about the sides as shown, and naming the item shown."""

    lease_token = forms.UUIDField()
    digest = forms.CharField(max_length=64)
    submission_key = forms.UUIDField()
    shown_preference = forms.CharField(max_length=10, required=False)
    seconds = forms.FloatField(min_value=0, max_value=86_400, required=False)

    def answers(self) -> dict[str, Any]:
        """The answers about the sides as shown. Raises InvalidAnswer for a stop that does not exist."""
        given = {
            name.removeprefix("answer_"): value
            for name, value in self.data.items()
            if name.startswith("answer_") and value
        }
        return given | {"preference": self.preference()}

    def preference(self) -> int | str:
        stop = self.cleaned_data["shown_preference"]
        if stop == "neither":
            return "neither"
        if stop.isdecimal() and len(stop) == 1 and 1 <= int(stop) <= 2 * MIDDLE - 1:
            return "tie" if int(stop) == MIDDLE else int(stop) - MIDDLE
        raise InvalidAnswer(
            "Choose a verdict first.", field="preference", cure="Press 1 to 7, E for equal or N for neither."
        )


class SkipForm(forms.Form):
    lease_token = forms.UUIDField()
    reason = forms.CharField(max_length=2000, required=False)
