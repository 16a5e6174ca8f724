from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models import Candidate, Item, Project
from curation.enums import Scorer


class Score(models.Model):
    """A number by a scorer at a revision, about a pair of candidates as stored (first before second).

    ``subject_hash`` names the texts, so asking again costs nothing and a new revision adds a row. For CHES
    ``value`` is LN-CHES with the first candidate chosen, and ``details`` keeps the Gram scalars that give
    both directions. Null with a flag where no number can be had.
    """

    item = models.ForeignKey(Item, models.CASCADE, related_name="scores")
    first = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    second = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    scorer = models.CharField(max_length=24, choices=Scorer)
    revision = models.CharField(max_length=120)
    parameters_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict, blank=True)
    subject_hash = models.CharField(max_length=64)
    value = models.FloatField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)
    flags = models.JSONField(default=list, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "subject_hash", "scorer", "revision", "parameters_hash"],
                name="one_score_per_subject_scorer_and_revision",
            ),
            models.CheckConstraint(condition=models.Q(scorer__in=Scorer.values), name="score_scorer_known"),
        ]
        indexes = [models.Index(fields=["scorer", "subject_hash"], name="score_by_subject")]

    def __str__(self) -> str:
        return f"{self.scorer} of item {self.item_id}"


class LatestScore(models.Model):
    """The score that pages show for an item: of each scorer the one made last, in a column that can be
    sorted. Only ``services.scoring.store_scores`` writes it; the scores themselves all stay."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="latest_scores")
    scorer = models.CharField(max_length=24, choices=Scorer)
    score = models.ForeignKey(Score, models.CASCADE, related_name="+")
    revision = models.CharField(max_length=120, default="")
    value = models.FloatField(null=True, blank=True)
    flagged = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "scorer"], name="one_latest_score_per_item_and_scorer"),
        ]
        indexes = [
            models.Index(fields=["project", "scorer", "value", "item"], name="latest_score_by_value"),
            # All that the Scores page counts, so that it reads this index and no row.
            models.Index(
                fields=["project", "scorer", "revision", "flagged", "value"], name="latest_score_counted"
            ),
        ]

    def __str__(self) -> str:
        return f"latest {self.scorer} of item {self.item_id}"
