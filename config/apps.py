from __future__ import annotations

from django.apps import AppConfig


class SettingsConfig(AppConfig):
    """Watches over the settings."""

    name = "config"

    def ready(self) -> None:
        from config.checks import register_checks

        register_checks()
