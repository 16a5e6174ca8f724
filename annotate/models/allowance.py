from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models.project import Project


class Allowance(models.Model):
    """What a model judge of a project may spend, all its versions together, and how its endpoint is.

    Money is in millionths of the currency in which the prices were given, so that sums are exact. One
    conditional UPDATE grants a call: within the cap, not sooner than the rate allows, and not while the
    endpoint is left alone after failures. ``reserved`` is what calls under way may cost at most.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="allowances")
    name = models.CharField(max_length=200)
    spend_cap = models.BigIntegerField(null=True, blank=True, help_text="Millionths; empty: no cap.")
    spent = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    price_in = models.BigIntegerField(default=0, help_text="Millionths for a million tokens read.")
    price_out = models.BigIntegerField(default=0, help_text="Millionths for a million tokens written.")
    calls_per_minute = models.PositiveIntegerField(default=0, help_text="0: as many as there are.")
    calls = models.PositiveIntegerField(default=0)
    next_call_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    resting_until = models.DateTimeField(null=True, blank=True)
    stopped = models.TextField(blank=True, help_text="Why the judge may not be asked; empty while it may.")
    canaries_asked = models.PositiveIntegerField(default=0)
    canaries_passed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_allowance_per_project_and_judge"),
            models.CheckConstraint(
                condition=models.Q(spent__gte=0, reserved__gte=0), name="allowance_not_below_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.name
