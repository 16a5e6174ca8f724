from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.enums import QuestionKind, Role


class Project(models.Model):
    """One campaign."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    overlap = models.PositiveSmallIntegerField(default=1, help_text="People asked about each item.")
    overlap_max = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most people asked where they differ; empty: no more than the least."
    )
    price_per_judgment = models.DecimalField(max_digits=8, decimal_places=4, null=True, blank=True)
    flow = models.JSONField(default=dict, blank=True, help_text="Rules of the flow, see annotate/rules.")
    max_flip_rate = models.FloatField(
        default=0.3,
        help_text="A model judge whose verdict turns with the order more often may not label alone.",
    )
    max_steering = models.FloatField(
        default=0.05,
        help_text="A model judge whose verdict injected lines turn more often than harmless ones by more than"
        " this may not label alone.",
    )
    lease_minutes = models.PositiveSmallIntegerField(default=10)
    max_open_leases = models.PositiveSmallIntegerField(default=3)
    seed = models.BigIntegerField(
        default=0, help_text="Decides the order in which sides and items are shown."
    )
    consistency = models.JSONField(
        default=list, blank=True, help_text="Which answers have to go together, see annotate/questions."
    )
    settling = models.JSONField(
        default=dict, blank=True, help_text="How answers become one, see annotate/questions/settle_rules."
    )
    show_lengths = models.BooleanField(
        default=False, help_text="Whether judges see how long a response is; knowing it biases them."
    )
    settings_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="project_overlap_at_least_one"),
            models.CheckConstraint(
                condition=models.Q(overlap_max=None) | models.Q(overlap_max__gte=models.F("overlap")),
                name="project_overlap_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(max_open_leases__gte=1), name="project_open_leases_at_least_one"
            ),
            models.CheckConstraint(
                condition=models.Q(lease_minutes__gte=1), name="project_lease_at_least_a_minute"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def most_overlap(self) -> int:
        return self.overlap if self.overlap_max is None else self.overlap_max


class Membership(models.Model):
    """What a person may do in one project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_person_and_project"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Guideline(models.Model):
    """One version of what annotators are told; never edited, only followed by another."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="one_guideline_per_project_and_version"
            )
        ]

    def __str__(self) -> str:
        return f"guidelines v{self.version}"


class GuidelineReading(models.Model):
    """Somebody has read this version; each version is put before each judge once."""

    guideline = models.ForeignKey(Guideline, models.CASCADE, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["guideline", "user"], name="one_reading_per_person_and_guideline")
        ]

    def __str__(self) -> str:
        return f"{self.user} read {self.guideline}"


class Question(models.Model):
    """One thing asked of every item of a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    kind = models.CharField(max_length=16, choices=QuestionKind)
    text = models.TextField()
    required = models.BooleanField(default=True)
    options = models.JSONField(default=dict, blank=True)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it is asked no more; its answers keep it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_question_per_project_and_key"),
            models.CheckConstraint(
                condition=models.Q(kind__in=QuestionKind.values), name="question_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.key
