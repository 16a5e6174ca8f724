from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.models import Item, Project


class Recipe(models.Model):
    """An ordered list of curation steps with their parameters."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=120)
    steps = models.JSONField(default=list)
    pool = models.CharField(max_length=12, default="people_first")
    version = models.PositiveIntegerField(
        default=1, help_text="Raised at every change; a stale edit is refused."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_recipe_per_project_and_name")
        ]

    def __str__(self) -> str:
        return self.name


class Release(models.Model):
    """A frozen set of rows: recipe, manifest and checksums do not change after it is made."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    version = models.PositiveIntegerField()
    recipe = models.JSONField()
    manifest = models.JSONField(default=dict)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField()
    dropped = models.JSONField(default=dict, help_text="Rows dropped by each step.")
    content_hash = models.CharField(max_length=64)
    folder = models.CharField(max_length=300, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    frozen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="one_release_per_project_and_version")
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class ReleaseRow(models.Model):
    """One exported row, kept as it was when frozen."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="frozen_rows")
    item = models.ForeignKey(Item, models.PROTECT, related_name="release_rows")
    position = models.PositiveIntegerField()
    data = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "position"], name="one_row_per_release_and_position"),
            models.UniqueConstraint(fields=["release", "item"], name="one_row_per_release_and_item"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id}/{self.position}"
