from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class WorkersConfig(AppConfig):
    """What runs when nobody waits."""

    name = "workers"

    def ready(self) -> None:
        if settings.CELERY_BROKER_URL:
            # The web process must know the broker's address to send a nudge.
            import workers.celery  # noqa: F401, PLC0415  # imported for its side effect: it becomes the current app
