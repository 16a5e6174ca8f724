from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.enums import JudgeKind, JudgeStanding
from annotate.models.project import Project


class Judge(models.Model):
    """Whoever answers: a person, or a model at a revision with a prompt version.

    ``recorded`` judges came in with a file and answer nothing new. ``queue_cursor`` is the key of the item
    last taken: each judge walks the items as a ring from a place of their own. ``taken`` counts what they
    were given: the number of a turn decides whether it is work, gold, a repeat or a trap.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="judges")
    kind = models.CharField(max_length=16, choices=JudgeKind)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=120, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="judges"
    )
    recorded = models.BooleanField(default=False)
    settings = models.JSONField(default=dict, blank=True)
    queue_cursor = models.CharField(max_length=64, blank=True)
    taken = models.PositiveIntegerField(default=0)
    expertise = models.JSONField(default=list, blank=True)
    standing = models.CharField(max_length=8, choices=JudgeStanding, default=JudgeStanding.ACTIVE)
    qualified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "name", "version", "recorded"],
                name="one_judge_per_name_and_version",
            ),
            models.UniqueConstraint(
                fields=["project", "user"],
                condition=models.Q(user__isnull=False),
                name="one_judge_per_person_and_project",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=JudgeKind.values), name="judge_kind_known"),
            models.CheckConstraint(
                condition=models.Q(standing__in=JudgeStanding.values), name="judge_standing_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
