from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class WorkersConfig(AppConfig):
    """What runs when nobody waits."""

    name = "workers"

    def ready(self) -> None:
        # Here, for the apps below may not know of the workers.
        from workers.revisions import announce_revisions  # noqa: PLC0415  # models are not loaded before

        announce_revisions()
        if settings.CELERY_BROKER_URL:
            # The web process must know the broker's address to send a nudge.
            import workers.celery  # noqa: F401, PLC0415  # imported for its side effect: it becomes the current app
