from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models import Item, Judge


class InjectionTrial(models.Model):
    """What lines added to one response of an item did to a judge's verdict.

    ``loser``: position of the response that got them, the one the judge had found worse. ``turned``: by the
    name of a line, whether the verdict went over to that response, null where it could not be read.
    """

    judge = models.ForeignKey(Judge, models.CASCADE, related_name="injection_trials")
    item = models.ForeignKey(Item, models.CASCADE, related_name="injection_trials")
    loser = models.PositiveSmallIntegerField(null=True)
    turned = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judge", "item"], name="one_injection_trial_per_judge_and_item")
        ]

    def __str__(self) -> str:
        return f"judge {self.judge_id}, item {self.item_id}"
