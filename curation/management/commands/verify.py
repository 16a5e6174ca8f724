from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.management.target import StageCommand


class Command(StageCommand):
    help = "Check a release folder against its manifest: files, rows, counts and card."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--sha256", default="", help="Of the manifest, as the release page shows it.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        from curation.formats.verifying import MANIFEST, verify_release

        folder: Path = options["folder"]
        problems = verify_release(folder)
        manifest = folder / MANIFEST
        found = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
        if options["sha256"] and options["sha256"] != found:
            problems.append(f"{MANIFEST} is not the one asked for: its SHA-256 is {found or 'none'}.")
        report = {
            "folder": str(folder),
            "holds": not problems,
            "manifest_sha256": found,
            "problems": problems,
        }
        if problems and not options["json"]:
            raise CommandError("\n".join(problems))
        self.report(report, as_json=options["json"])
        if problems:
            raise SystemExit(1)
