from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class HubToken(models.Model):
    """A person's own token for a hub, sealed: the key is not in the database. It is never given out again;
    ``ending`` is what its owner knows it by. Only ``services.hub_tokens`` opens it, for that person and that
    hub alone."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="hub_token")
    hub = models.CharField(max_length=300, help_text="Address of the hub that it may be sent to.")
    sealed = models.TextField()
    ending = models.CharField(max_length=4)
    kept_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"hub token of {self.user_id}"
