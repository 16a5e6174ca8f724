from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.models import Item, Project
from curation.enums import ReleaseState


class Recipe(models.Model):
    """An ordered list of curation steps with their parameters, as they stand now; its versions keep the
    past."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=120)
    steps = models.JSONField(default=list)
    pool = models.CharField(max_length=12, default="people_first")
    method = models.CharField(
        max_length=40, blank=True, default="", help_text="The rule it needs; empty: as the project settles."
    )
    question = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="The preference that its pairs are about; empty: the one that the project settles by.",
    )
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


class RecipeVersion(models.Model):
    """A recipe as it was; never edited, only followed by another."""

    recipe = models.ForeignKey(Recipe, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    steps = models.JSONField()
    pool = models.CharField(max_length=12)
    method = models.CharField(max_length=40, blank=True, default="")
    question = models.CharField(max_length=60, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "version"], name="one_version_per_recipe_and_number")
        ]

    def __str__(self) -> str:
        return f"{self.recipe_id} v{self.version}"


class EvaluationSet(models.Model):
    """Prompts that no training row may repeat: an evaluation set, by name."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="evaluation_sets")
    name = models.CharField(max_length=120)
    texts = models.JSONField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="one_evaluation_set_per_project_and_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Release(models.Model):
    """A frozen set of rows: recipe, manifest and checksums do not change after it is made.

    The rows lie in a file of the home, named by ``rows_sha256``. ``gold`` says which gold items its judges
    had right, ``changes`` what it changed against ``parent``.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=ReleaseState, default=ReleaseState.FROZEN)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    recipe = models.JSONField()
    format = models.CharField(max_length=40, default="preference")
    options = models.JSONField(default=dict, blank=True)
    manifest = models.JSONField(default=dict)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField()
    dropped = models.JSONField(default=dict, help_text="Rows dropped by each step.")
    content_hash = models.CharField(max_length=64)
    rows_sha256 = models.CharField(max_length=64, blank=True)
    folder = models.CharField(max_length=300, blank=True)
    gold = models.JSONField(default=dict, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    acknowledged = models.TextField(blank=True, help_text="Why a version behind its gate was released.")
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    frozen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="one_release_per_project_and_version"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReleaseState.values), name="release_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class ReleaseRow(models.Model):
    """Which items a release is made of, and where in it: the way from an item to its releases."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="frozen_rows")
    item = models.ForeignKey(Item, models.PROTECT, related_name="release_rows")
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "position"], name="one_row_per_release_and_position")
        ]

    def __str__(self) -> str:
        return f"{self.release_id}/{self.position}"
