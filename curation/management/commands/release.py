from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import CommandError, CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.enums import Pool
from curation.services.releasing import DEFAULT_STEPS, export_release, freeze_release, save_recipe
from curation.services.settling import settle_items


class Command(StageCommand):
    help = "Freeze what a recipe keeps and write it as a folder (stage 7)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument(
            "--recipe", type=Path, help="A YAML list of steps; the three default steps when left out."
        )
        parser.add_argument("--pool", default=Pool.PEOPLE_FIRST.value, choices=Pool.values)
        parser.add_argument(
            "--out", type=Path, required=True, help="A folder that does not exist yet, or is empty."
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists() and any(out.iterdir()):
            raise CommandError(f"{out} is not empty. Name another folder, or remove it first.")
        try:
            project, report = project_or_file(options["project"])
            if report is not None:
                settle_items(project=project)
            recipe = save_recipe(
                project=project,
                name=options["recipe"].stem if options["recipe"] else "Default",
                steps=self.steps(options["recipe"]),
                pool=options["pool"],
            )
            release = freeze_release(project=project, recipe=recipe)
            digest = export_release(release=release, folder=out)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        found = {
            "release": str(out),
            "version": release.version,
            "exported": release.rows,
            "dropped": release.dropped,
            "manifest_sha256": digest,
        }
        self.report(found, as_json=options["json"])

    def steps(self, path: Path | None) -> list[dict[str, Any]]:
        if path is None:
            return list(DEFAULT_STEPS)
        try:
            steps: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as trouble:
            raise CommandError(f"{path} cannot be read as a recipe: {trouble}") from trouble
        return steps
