from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models import Item, Project
from curation.enums import PolicyKind, Target


class Policy(models.Model):
    """How a human budget is spent; never edited, only followed by a new version."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=24, choices=PolicyKind)
    human_budget = models.PositiveIntegerField(
        null=True, blank=True, help_text="Items for people; empty: all."
    )
    ask_models = models.BooleanField(
        default=True, help_text="Whether model judges are asked about every item."
    )
    seed = models.BigIntegerField(default=0)
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="one_policy_per_project_and_version"),
            models.CheckConstraint(condition=models.Q(kind__in=PolicyKind.values), name="policy_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class Route(models.Model):
    """Where an item was sent under one policy version, and why."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="routes")
    policy = models.ForeignKey(Policy, models.CASCADE, related_name="routes")
    target = models.CharField(max_length=8, choices=Target)
    reason = models.TextField()
    probability = models.FloatField(help_text="Chance, before the draw, that a person is asked.")
    expected_gain = models.FloatField(null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "policy"], name="one_route_per_item_and_policy"),
            models.CheckConstraint(condition=models.Q(target__in=Target.values), name="route_target_known"),
            models.CheckConstraint(
                condition=models.Q(probability__gte=0, probability__lte=1), name="route_probability_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} to {self.target}"
