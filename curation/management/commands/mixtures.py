from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.services.mixtures import export_mixtures, learn_from_scores
from curation.services.routing import route_items


class Command(StageCommand):
    help = "Write mixtures of people's and models' labels for reward-model runs, or route by their scores."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("folder", type=Path, help="Where the mixtures are written, or were.")
        parser.add_argument("--scores", type=Path, help="CSV of candidate,score: learn from it and route.")
        parser.add_argument("--count", type=int, default=200)
        parser.add_argument("--budget", type=int, help="Items for people, with --scores.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"])
            if options["scores"] is None:
                found = export_mixtures(
                    project=project,
                    folder=options["folder"],
                    count=options["count"],
                    seed=options["seed"],
                )
            else:
                policy = learn_from_scores(
                    project=project,
                    folder=options["folder"],
                    scores=options["scores"],
                    human_budget=options["budget"],
                    seed=options["seed"],
                )
                found = asdict(route_items(policy=policy))
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(found, as_json=options["json"])
