from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.models.item import Item


class Gold(models.Model):
    """What answers to an item are right: for gold, qualification and trap items alike.

    ``accepted`` has a list of right answers for each question that is checked, told as
    ``annotate.questions.rightness`` says.
    """

    item = models.OneToOneField(Item, models.CASCADE, related_name="gold")
    accepted = models.JSONField()
    explanation = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"gold on item {self.item_id}"
