from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.enums import JudgmentState
from annotate.models.assignment import Assignment
from annotate.models.project import Guideline


class Judgment(models.Model):
    """The raw answers to one assignment. Never overwritten: a change is a new revision."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="judgments")
    revision = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=16, choices=JudgmentState, default=JudgmentState.CURRENT)
    answers = models.JSONField()
    shown_order = models.JSONField()
    seconds = models.FloatField(null=True, blank=True)
    guideline = models.ForeignKey(Guideline, models.PROTECT, null=True, blank=True, related_name="+")
    raw = models.JSONField(null=True, blank=True, help_text="What a model said before it was read.")
    suggestion = models.JSONField(
        null=True, blank=True, help_text="What a model suggested after the first answers, where it did."
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "revision"], name="one_judgment_per_assignment_and_revision"
            ),
            models.UniqueConstraint(
                fields=["assignment"],
                condition=models.Q(state=JudgmentState.CURRENT),
                name="one_current_judgment_per_assignment",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=JudgmentState.values), name="judgment_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id} r{self.revision}"


class Submission(models.Model):
    """A request that was answered once: the same key again gets the same reply, another body is refused."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.UUIDField()
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    reply = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_submission_per_person_and_key")
        ]

    def __str__(self) -> str:
        return str(self.key)
