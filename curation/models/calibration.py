from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.models import Judge


class JudgeCalibration(models.Model):
    """How a judge compared with people, at one time, on one question. Measured anew, it is a new row.

    ``figures`` has a value with its interval by name, as ``curation.numerics.calibration`` gives them.
    """

    judge = models.ForeignKey(Judge, models.CASCADE, related_name="calibrations")
    question = models.CharField(max_length=60, default="preference")
    n_pairs = models.PositiveIntegerField()
    n_groups = models.PositiveIntegerField()
    figures = models.JSONField()
    reliability = models.JSONField(default=list)
    weights = models.JSONField(default=list)
    length_sd = models.FloatField(default=1.0)
    tie_band = models.FloatField()
    tie_rate = models.FloatField()
    win_rates = models.JSONField(default=list)
    input_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judge", "question", "input_hash"], name="one_calibration_per_judge_and_input"
            )
        ]

    def __str__(self) -> str:
        return f"judge {self.judge_id}, {self.question}"
