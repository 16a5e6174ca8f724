from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.enums import ImportMode, ImportState
from annotate.models.project import Project


class ImportRun(models.Model):
    """One file that was read, and what came of it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="import_runs")
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    mode = models.CharField(max_length=8, choices=ImportMode)
    state = models.CharField(max_length=8, choices=ImportState)
    counts = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "digest"],
                condition=models.Q(state=ImportState.DONE),
                name="one_import_per_project_and_file",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class QuarantinedRow(models.Model):
    """A row that was set aside, with where and why; never its other text."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="quarantined")
    line = models.PositiveIntegerField()
    line_end = models.PositiveIntegerField()
    record = models.PositiveIntegerField(null=True, blank=True)
    field = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    message = models.TextField()
    cure = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="quarantined_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"
