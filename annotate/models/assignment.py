from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from annotate.enums import AssignmentState
from annotate.models.item import Item
from annotate.models.judge import Judge
from annotate.models.project import Guideline


class Assignment(models.Model):
    """One item leased to one judge. Only the holder of ``lease_token`` may finish it."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="assignments")
    judge = models.ForeignKey(Judge, models.CASCADE, related_name="assignments")
    round = models.PositiveSmallIntegerField(default=0, help_text="Above 0 only for hidden repeats.")
    state = models.CharField(max_length=16, choices=AssignmentState, default=AssignmentState.LEASED)
    seated = models.BooleanField(
        default=True, help_text="Whether it uses one of the item's seats for people."
    )
    lease_token = models.UUIDField(default=uuid.uuid4)
    leased_until = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    order = models.JSONField(help_text="Stored positions of the candidates in the order shown.")
    guideline = models.ForeignKey(Guideline, models.PROTECT, null=True, blank=True, related_name="+")
    skip_reason = models.TextField(blank=True)
    revisions = models.PositiveSmallIntegerField(
        default=0, help_text="How many judgments it has; written with each."
    )
    suggestion = models.JSONField(
        null=True, blank=True, help_text="First answers, and what was suggested after them or held back."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "judge", "round"], name="one_assignment_per_item_judge_and_round"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=AssignmentState.values), name="assignment_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=AssignmentState.LEASED) | models.Q(leased_until__isnull=False),
                name="assignment_lease_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["leased_until"],
                condition=models.Q(state=AssignmentState.LEASED),
                name="assignment_by_lease_end",
            ),
            models.Index(fields=["judge", "state", "done_at"], name="assignment_by_judge"),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} to judge {self.judge_id}"
