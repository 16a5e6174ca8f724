from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.enums import FlagReason
from annotate.questions.kind import Fields
from annotate.questions.questionnaire import Questionnaire
from annotate.selectors.keyboards import ACTS


@dataclass(frozen=True, slots=True)
class SentVerdict:
    """One answer as the desk's page posts it: about the sides as shown, and naming the item shown.

    The answers themselves are in fields whose names begin with ``answer_``; ``annotate/questions`` says
    how they are named. No Form, which would copy its fields for every label; its fields are used as they are.
    """

    lease_token: uuid.UUID
    digest: str
    submission_key: uuid.UUID
    seconds: float | None
    confirmed: bool
    fields: Fields

    @classmethod
    def read(cls, data: Any) -> SentVerdict | None:
        """What was posted; None where something is missing or is not what it has to be."""
        try:
            read = {name: field.clean(data.get(name)) for name, field in _VERDICT.items()}
        except forms.ValidationError:
            return None
        return cls(**read, fields=sent_fields(data))

    def answers(self, questionnaire: Questionnaire, texts: Sequence[str]) -> dict[str, Any]:
        """The answers about the sides as shown; ``texts`` are the sides in that order."""
        return questionnaire.read_fields(self.fields, texts)


_VERDICT: dict[str, forms.Field] = {
    "lease_token": forms.UUIDField(),
    "digest": forms.CharField(max_length=64),
    "submission_key": forms.UUIDField(),
    "seconds": forms.FloatField(min_value=0, max_value=86_400, required=False),
    "confirmed": forms.BooleanField(required=False),
}


class RevisionForm(forms.Form):
    """An answer that is changed; ``revision`` is the one that the page showed."""

    revision = forms.IntegerField(min_value=1)
    seconds = forms.FloatField(min_value=0, max_value=86_400, required=False)
    confirmed = forms.BooleanField(required=False)

    def answers(self, questionnaire: Questionnaire, texts: Sequence[str]) -> dict[str, Any]:
        return questionnaire.read_fields(sent_fields(self.data), texts)


class SkipForm(forms.Form):
    lease_token = forms.UUIDField()
    reason = forms.CharField(max_length=2000, required=False)


class FlagForm(forms.Form):
    lease_token = forms.UUIDField()
    flag_reason = forms.ChoiceField(choices=FlagReason.choices)
    flag_text = forms.CharField(max_length=2000, required=False)


class KeysForm(forms.Form):
    """A key for each act; empty: the usual one."""

    undo = forms.CharField(label=_("Undo"), max_length=1, required=False)
    skip = forms.CharField(label=_("Skip"), max_length=1, required=False)
    flag = forms.CharField(label=_("Flag"), max_length=1, required=False)
    note = forms.CharField(label=_("Write"), max_length=1, required=False)
    guidelines = forms.CharField(label=_("Guidelines"), max_length=1, required=False)
    raw = forms.CharField(label=_("Raw text"), max_length=1, required=False)
    differences = forms.CharField(label=_("Differences"), max_length=1, required=False)
    prompt = forms.CharField(label=_("Fold the prompt"), max_length=1, required=False)
    pictures = forms.CharField(label=_("Pictures"), max_length=1, required=False)
    later = forms.CharField(label=_("Later"), max_length=1, required=False)
    mine = forms.CharField(label=_("My work"), max_length=1, required=False)
    keys = forms.CharField(label=_("Keys"), max_length=1, required=False)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for act, field in self.fields.items():
            field.widget.attrs |= {"placeholder": ACTS[act], "autocomplete": "off", "autocapitalize": "none"}


class DraftForm(forms.Form):
    """The desk's form half filled: the fields of the answers are kept as they are."""

    lease_token = forms.UUIDField()
    digest = forms.CharField(max_length=64)


def sent_fields(data: Any) -> Fields:
    """The answers' fields of a posted form, each with all its values."""
    return {name: data.getlist(name) for name in data if name.startswith("answer_")}
