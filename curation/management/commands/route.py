from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.enums import PolicyKind
from curation.selectors.policies import AUDIT
from curation.services.routing import make_policy, route_items


class Command(StageCommand):
    help = "Decide who is asked about each item (stage 4)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("--policy", default="everyone", choices=PolicyKind.values)
        parser.add_argument("--budget", type=int, help="Items for people; all when left out.")
        parser.add_argument(
            "--audit", type=float, default=AUDIT, help="Least share of the budget drawn at random."
        )
        parser.add_argument("--require", action="append", default=[], help="Tag whose items go to people.")
        parser.add_argument("--judge", default="", help="The model judge; the one with most verdicts.")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--no-models", action="store_true", help="Do not ask model judges.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"], seed=options["seed"])
            policy = make_policy(
                project=project,
                kind=options["policy"],
                human_budget=options["budget"],
                seed=options["seed"],
                ask_models=not options["no_models"],
                settings={
                    "audit": options["audit"],
                    "required": options["require"],
                    "judge": options["judge"],
                },
            )
            report = route_items(policy=policy)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(asdict(report), as_json=options["json"])
