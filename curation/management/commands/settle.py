from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.services.settling import settle_items


class Command(StageCommand):
    help = "Turn judgments into one estimate per item (stage 6)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"])
            report = settle_items(project=project)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(asdict(report), as_json=options["json"])
