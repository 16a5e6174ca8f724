from __future__ import annotations

from django.conf import settings
from django.db import models


class Keyboard(models.Model):
    """The keys that one person gave the acts of the desk, where they differ from the usual ones."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="keyboard")
    keys = models.JSONField(default=dict, blank=True, help_text="Act: key, as the browser names it.")

    def __str__(self) -> str:
        return f"keys of {self.user}"
