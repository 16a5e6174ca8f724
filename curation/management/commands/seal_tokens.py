from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from curation.services.hub_tokens import seal_tokens_anew


class Command(BaseCommand):
    help = "Seal everybody's hub tokens under the first of WINNOW_TOKEN_KEYS, so that the others can go."

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = seal_tokens_anew()
        self.stdout.write(f"{done} sealed under the first key.")
        if lost:
            self.stdout.write(f"{lost} no key opens; their owners are asked to type them again.")
