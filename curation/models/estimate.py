from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.enums import Verdict
from annotate.models import Item, Project
from curation.enums import Pool


class Estimate(models.Model):
    """What the judges of one pool came to on one item; made anew whenever ``input_hash`` changes."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="estimates")
    pool = models.CharField(max_length=12, choices=Pool)
    method = models.CharField(max_length=40)
    verdict = models.CharField(max_length=12, choices=Verdict)
    preference = models.FloatField(
        null=True, blank=True, help_text="Mean of −3..3; negative favours the first."
    )
    strength = models.FloatField(null=True, blank=True)
    confidence = models.FloatField(help_text="Share of the judges who gave the verdict.")
    n_judges = models.PositiveIntegerField()
    spread = models.FloatField(null=True, blank=True)
    adjudicated = models.BooleanField(
        default=False, help_text="Whether a reviewer's final answer stands in place of the votes."
    )
    values = models.JSONField(
        default=dict, blank=True, help_text="What the judges came to on each question, by its key."
    )
    input_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "pool", "method"], name="one_estimate_per_item_pool_and_method"
            ),
            models.CheckConstraint(condition=models.Q(pool__in=Pool.values), name="estimate_pool_known"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=Verdict.values), name="estimate_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool} on item {self.item_id}"


class Settlement(models.Model):
    """The agreement of one pool over a whole project, at the time it was settled."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="settlements")
    pool = models.CharField(max_length=12, choices=Pool)
    method = models.CharField(max_length=40)
    alpha = models.FloatField(null=True, blank=True, help_text="Ordinal; empty where it cannot be computed.")
    alpha_low = models.FloatField(null=True, blank=True)
    alpha_high = models.FloatField(null=True, blank=True)
    n_items = models.PositiveIntegerField()
    n_judgments = models.PositiveIntegerField()
    n_units = models.PositiveIntegerField(help_text="Items with two judgments or more.")
    leaderboard = models.JSONField(
        default=dict, blank=True, help_text="Models by their worth: of all items, and by subject."
    )
    input_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "pool", "method"], name="one_settlement_per_project_pool_and_method"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pool} of project {self.project_id}"
