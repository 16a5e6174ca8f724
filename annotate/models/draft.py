from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models.assignment import Assignment


class Draft(models.Model):
    """What somebody wrote and has not sent yet, as their form had it. ``digest`` names what was shown."""

    assignment = models.OneToOneField(Assignment, models.CASCADE, related_name="draft")
    digest = models.CharField(max_length=64)
    fields = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"draft of {self.assignment_id}"
