from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand
from annotate.models import Project
from curation.services.score_tables import keep_score_table


class Command(StageCommand):
    help = "Take in a table of scores that was made elsewhere (stage 3)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument("file", type=Path, help="JSON lines, CSV or Parquet; see docs/formats.md.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            report = keep_score_table(project=project, path=options["file"], name=options["file"].name)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(asdict(report), as_json=options["json"])
