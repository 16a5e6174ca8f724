from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.enums import ImportMode
from annotate.errors import WinnowError
from annotate.management.target import StageCommand
from annotate.models import Project
from annotate.readers.foreign import SOURCES
from annotate.readers.foreign.mapping import FIELDS
from annotate.services.importing import import_items


class Command(StageCommand):
    help = "Import a file of items into a project (stage 1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--lenient", action="store_true", help="Set bad rows aside instead of refusing the file."
        )
        parser.add_argument(
            "--source",
            default="",
            help=f"Whose file it is: {', '.join(sorted(SOURCES))}. Else recognised.",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"Which column is which field; fields are {', '.join(FIELDS)}.",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        mode = ImportMode.LENIENT if options["lenient"] else ImportMode.STRICT
        pairs = [one.partition("=") for one in options["map"]]
        if not all(field and column for field, _, column in pairs):
            raise CommandError("Write --map FIELD=COLUMN.")
        try:
            report = import_items(
                project=project,
                path=options["file"],
                mode=mode,
                source=options["source"],
                mapping={field: column for field, _, column in pairs},
            )
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        found = report.counts() | {
            "repeated": report.repeated,
            "defects": report.defects,
            "run": report.run_id,
        }
        self.report(found, as_json=options["json"])
