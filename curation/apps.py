from __future__ import annotations

from django.apps import AppConfig


class CurationConfig(AppConfig):
    """How good the judgments are, and what is made of them."""

    name = "curation"
    default_auto_field = "django.db.models.BigAutoField"
