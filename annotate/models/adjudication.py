from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.models.item import Item
from annotate.models.project import Guideline


class Adjudication(models.Model):
    """A reviewer's final answer to an item. Never overwritten: ``latest`` is False once another follows."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="adjudications")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answers = models.JSONField()
    reason = models.TextField()
    votes = models.JSONField(help_text="The judgments it was made over, by their ids.")
    guideline = models.ForeignKey(Guideline, models.PROTECT, null=True, blank=True, related_name="+")
    latest = models.BooleanField(default=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=models.Q(latest=True), name="one_latest_adjudication_per_item"
            )
        ]

    def __str__(self) -> str:
        return f"final answer to item {self.item_id}"
