from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.models import Project
from curation.enums import Pool
from curation.models import Recipe
from curation.services.publishing import HUB, checked_target
from curation.services.recipes import default_steps, read_yaml, save_recipe, steps_to_dicts
from curation.services.references import keep_evaluation_set, read_evaluation_file
from curation.services.releasing import export_release, freeze_release
from curation.services.settling import settle_items
from workers.curating import evaluation
from workers.publishing import to_hub, to_storage, token_for
from workers.runtime.errors import EndpointUnavailable, MissingPackage, TargetRefused


class Command(StageCommand):
    help = "Freeze what a recipe keeps and write it as a folder (stage 7)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument(
            "--recipe", type=Path, help="A YAML file with steps; the three default steps when left out."
        )
        parser.add_argument(
            "--pool", choices=Pool.values, help="Whose judgments; the recipe's when left out."
        )
        parser.add_argument(
            "--question",
            default="",
            help="The preference to release; the recipe's when left out.",
        )
        parser.add_argument("--format", default="preference", help="Which shape the rows have.")
        parser.add_argument("--options", default="{}", help='Of the format, as JSON: {"shape": "standard"}.')
        parser.add_argument(
            "--against", action="append", default=[], metavar="NAME=FILE", help="An evaluation set to keep."
        )
        parser.add_argument("--acknowledge", default="", help="Why a version behind its gate is right.")
        parser.add_argument(
            "--out", type=Path, required=True, help="A folder that does not exist yet, or is empty."
        )
        parser.add_argument(
            "--evaluate", type=int, default=0, metavar="SEEDS",
            help="Evaluate the recipe first, and put what is found on the card.",
        )  # fmt: skip
        parser.add_argument(
            "--to", action="append", default=[], metavar="PLACE",
            help="Send the folder there as well: kind://place of fsspec, or hub:owner/name.",
        )  # fmt: skip
        parser.add_argument("--key", default="", help="Name of the hub's token in WINNOW_ENDPOINT_KEYS.")
        parser.add_argument("--public", action="store_true", help="A hub's repository is private without it.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists() and any(out.iterdir()):
            raise CommandError(f"{out} is not empty. Name another folder, or remove it first.")
        try:
            project, report = project_or_file(options["project"])
            if report is not None:
                settle_items(project=project)
            self.keep_references(project, options["against"])
            recipe = self.recipe(project, options["recipe"], options["pool"], options["question"])
            release = freeze_release(
                project=project,
                recipe=recipe,
                format=options["format"],
                options=self.format_options(options["options"]),
                acknowledge=options["acknowledge"],
                evaluation=evaluation(project, vars(recipe), options["evaluate"])
                if options["evaluate"]
                else None,
            )
            digest = export_release(release=release, folder=out)
            sent = [self.send(out, place, release.version, options) for place in options["to"]]
        except (EndpointUnavailable, MissingPackage, TargetRefused) as trouble:
            raise CommandError(f"{trouble} The folder is whole: {out}") from trouble
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        found = {
            "release": str(out),
            "version": release.version,
            "format": release.format,
            "exported": release.manifest["written"]["rows"],
            "dropped": release.dropped,
            "changes": release.changes,
            "manifest_sha256": digest,
            "sent_to": sent,
        }
        self.report(found, as_json=options["json"])

    def send(self, folder: Path, place: str, version: int, options: dict[str, Any]) -> str:
        kind, _, repository = place.partition(":")
        if kind == HUB:
            checked_target(to=HUB, repository=repository)
            token = token_for({"key_name": options["key"]})
            return to_hub(folder, repository, tag=f"v{version}", token=token, private=not options["public"])
        if "://" not in place:
            raise CommandError(f"{place!r} is no place. Write kind://place, or hub:owner/name.")
        return to_storage(folder, place)

    def recipe(self, project: Project, path: Path | None, pool: str | None, question: str) -> Recipe:
        if path is None:
            return save_recipe(
                project=project,
                name=f"Default: {question}" if question else "Default",
                steps=default_steps(project),
                pool=pool or Pool.PEOPLE_FIRST,
                question=question,
            )
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as trouble:
            raise CommandError(f"{path} cannot be read as a recipe: {trouble}") from trouble
        read = read_yaml(text)
        return save_recipe(
            project=project,
            name=read.name or path.stem,
            steps=steps_to_dicts(read.steps),
            pool=pool or read.pool,
            method=read.method,
            question=question or read.question,
        )

    def keep_references(self, project: Project, given: list[str]) -> None:
        for one in given:
            name, equals, path = one.partition("=")
            if not equals or not Path(path).is_file():
                raise CommandError(f"{one!r} names no file. Write --against NAME=FILE.")
            keep_evaluation_set(
                project=project, name=name, texts=read_evaluation_file(Path(path).read_bytes())
            )

    def format_options(self, text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError as trouble:
            raise CommandError(f"--options is not JSON: {trouble}") from trouble
        if not isinstance(found, dict):
            raise CommandError('--options is an object, such as {"shape": "standard"}.')
        return found
