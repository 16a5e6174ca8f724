from __future__ import annotations

from django.apps import AppConfig


class AnnotateConfig(AppConfig):
    """Who judges what."""

    name = "annotate"
    default_auto_field = "django.db.models.BigAutoField"
