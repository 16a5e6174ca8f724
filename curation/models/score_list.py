from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models import Project
from curation.enums import Scorer


class ScoreList(models.Model):
    """A reward model that scored pairs of a project, here or elsewhere: a member of the strength ensemble.

    Its numbers are the ``Score`` rows of the same scorer, revision and parameters. ``file_name``: of the
    table it came in; empty where the model ran here. A new revision under the same name takes its place.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="score_lists")
    scorer = models.CharField(max_length=24, choices=Scorer)
    name = models.CharField(max_length=300)
    revision = models.CharField(max_length=120)
    parameters_hash = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "scorer", "revision", "parameters_hash"],
                name="one_score_list_per_project_and_revision",
            ),
        ]

    def __str__(self) -> str:
        return self.name
