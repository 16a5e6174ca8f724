from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotate.models.project import Project


class Image(models.Model):
    """A picture that was uploaded, under the name that import rows call it by.

    ``digest`` names the file that is kept, which was written anew from the pixels. A name never changes its
    content: an answer about a picture stays an answer about that picture.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="images")
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    sent_digest = models.CharField(max_length=64, help_text="SHA-256 of the file as it was sent.")
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_image_per_project_and_name")
        ]
        indexes = [models.Index(fields=["project", "digest"], name="image_by_digest")]

    def __str__(self) -> str:
        return self.name
