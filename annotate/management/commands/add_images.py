from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import InvalidSetting
from annotate.management.target import StageCommand
from annotate.models import Project
from annotate.readers.pictures import MAX_BYTES
from annotate.services.images import keep_image

ENDINGS = {".png", ".jpg", ".jpeg", ".webp"}


class Command(StageCommand):
    help = "Upload the pictures of a folder, for rows of an import to name (before stage 1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument(
            "folder", type=Path, help="Its PNG, JPEG and WebP files are taken, by their names."
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Those that can be kept are kept; the others are told, and the command then fails."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        if not options["folder"].is_dir():
            raise CommandError(f"There is no folder {options['folder']}.")
        kept, refused = 0, []
        for path in sorted(options["folder"].iterdir()):
            if path.suffix.lower() not in ENDINGS or not path.is_file():
                continue
            try:
                keep_image(project=project, name=path.name, data=_read(path))
                kept += 1
            except InvalidSetting as trouble:
                refused.append(f"{trouble.message} {trouble.cure}")
        self.report({"kept": kept, "refused": refused}, as_json=options["json"])
        if refused:
            raise SystemExit(1)


def _read(path: Path) -> bytes:
    """The file, or one byte more of it than is taken."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)
