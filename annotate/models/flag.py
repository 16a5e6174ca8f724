from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.enums import FlagReason, FlagState
from annotate.models.assignment import Assignment


class Flag(models.Model):
    """A judge tells the lead that something is wrong with an item. Kept when it is settled or withdrawn."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="flags")
    reason = models.CharField(max_length=16, choices=FlagReason)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=FlagState, default=FlagState.OPEN)
    made_at = models.DateTimeField(default=timezone.now)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"],
                condition=models.Q(state=FlagState.OPEN),
                name="one_open_flag_per_assignment",
            ),
            models.CheckConstraint(condition=models.Q(state__in=FlagState.values), name="flag_state_known"),
            models.CheckConstraint(
                condition=models.Q(reason__in=FlagReason.values), name="flag_reason_known"
            ),
        ]
        indexes = [models.Index(fields=["state", "made_at"], name="flag_by_state")]

    def __str__(self) -> str:
        return f"{self.reason} on {self.assignment_id}"
