from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from annotate.enums import CallState
from annotate.models.item import Item
from annotate.models.judge import Judge
from annotate.models.project import Project


class JudgeCall(models.Model):
    """One question that was put to a model, and what it replied.

    ``key`` names everything that was sent, so a question whose reply is here is not asked again, by whichever
    version of a judge. A row is written before the question is sent; ``token`` says who is asking.
    ``item`` is empty for a canary.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="judge_calls")
    judge = models.ForeignKey(Judge, models.CASCADE, related_name="calls")
    item = models.ForeignKey(Item, models.CASCADE, null=True, blank=True, related_name="judge_calls")
    key = models.CharField(max_length=64)
    question = models.CharField(max_length=60, blank=True)
    part = models.TextField(blank=True)
    shown = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=CallState, default=CallState.ASKED)
    token = models.UUIDField(default=uuid.uuid4)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    reply = models.TextField(blank=True)
    reading = models.JSONField(null=True, blank=True)
    tokens_in = models.PositiveIntegerField(null=True, blank=True)
    tokens_out = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    reserved = models.BigIntegerField(default=0)
    price = models.BigIntegerField(default=0, help_text="Millionths, all attempts together.")
    error = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_call_per_project_and_key"),
            models.CheckConstraint(condition=models.Q(state__in=CallState.values), name="call_state_known"),
        ]
        indexes = [models.Index(fields=["judge", "made_at"], name="call_by_judge")]

    def __str__(self) -> str:
        return self.key[:12]
