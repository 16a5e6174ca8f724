from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.selectors.replays import replay_project


class Command(StageCommand):
    help = "Play a campaign again on items that people and models have judged: what each policy would buy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument(
            "--policy", action="append", help="Beside random and oracle; all policies when left out."
        )
        parser.add_argument("--budget", type=float, help="One share of the items, 0 to 1; else the curve.")
        parser.add_argument("--seeds", type=int, default=20)
        parser.add_argument("--judge", help="The model judge whose labels are replaced; else the first.")
        parser.add_argument("--no-reward", action="store_true", help="Leave the proxy reward models out.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        from workers.runtime.embedding import embed

        try:
            project, _report = project_or_file(options["project"])
            found = replay_project(
                project,
                policies=options["policy"],
                budget=options["budget"],
                seeds=options["seeds"],
                judge=options["judge"],
                embed=None if options["no_reward"] else embed,
            )
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        if options["json"]:
            self.report(found, as_json=True)
            return
        self.stdout.write(
            f"{found['items']} items, {found['seeds']} seeds, labels of {found['verdict']['judge']}"
        )
        for name, one in found["policies"].items():
            area = found["verdict"]["areas"][name]
            self.stdout.write(
                f"{name:13} area {one['auc']:.3f} ({area['low']:.3f} to {area['high']:.3f})"
                + (f", trained on {area['labels_used']} labels" if area["labels_used"] else "")
            )
        self.stdout.write(found["verdict"]["words"])
