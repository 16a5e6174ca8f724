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
    lease_minutes = models.PositiveSmallIntegerField(default=10)
    max_open_leases = models.PositiveSmallIntegerField(default=3)
    seed = models.BigIntegerField(
        default=0, help_text="Decides the order in which sides and items are shown."
    )
    settings_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="project_overlap_at_least_one"),
            models.CheckConstraint(
                condition=models.Q(lease_minutes__gte=1), name="project_lease_at_least_a_minute"
            ),
        ]

    def __str__(self) -> str:
        return self.name


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


class Question(models.Model):
    """One thing asked of every item of a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    kind = models.CharField(max_length=16, choices=QuestionKind)
    text = models.TextField()
    required = models.BooleanField(default=True)
    options = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_question_per_project_and_key"),
            models.CheckConstraint(
                condition=models.Q(kind__in=QuestionKind.values), name="question_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.key
