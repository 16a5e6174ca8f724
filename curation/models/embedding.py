from __future__ import annotations

from django.db import models
from django.utils import timezone


class Embedding(models.Model):
    """A text's vector by one model at one revision, found by the text's hash: whoever has the text has its
    vector, and no text is embedded twice. ``vector``: ``width`` numbers as float16, little-endian."""

    text_hash = models.CharField(max_length=64)
    revision = models.CharField(max_length=120)
    width = models.PositiveSmallIntegerField()
    vector = models.BinaryField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "text_hash"], name="one_embedding_per_text_and_model"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text_hash[:12]} by {self.revision[:12]}"
