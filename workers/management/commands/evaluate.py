from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from curation.enums import Pool
from curation.services.evaluating import evaluate_recipe
from curation.services.recipes import DEFAULT_STEPS, read_yaml, steps_to_dicts
from curation.services.settling import settle_items


class Command(StageCommand):
    help = (
        "Whether a recipe helps: reward heads trained on what each step leaves, tested on people's verdicts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("--recipe", type=Path, help="A YAML file; the three default steps when left out.")
        parser.add_argument("--pool", choices=Pool.values, help="Whose; the recipe's when left out.")
        parser.add_argument("--seeds", type=int, default=10)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        from workers.runtime.embedding import embed

        try:
            project, report = project_or_file(options["project"])
            if report is not None:
                settle_items(project=project)
            steps: Any = DEFAULT_STEPS
            pool, method, question = options["pool"] or Pool.PEOPLE_FIRST, "", ""
            if options["recipe"]:
                recipe = read_yaml(options["recipe"].read_text(encoding="utf-8"))
                steps = steps_to_dicts(recipe.steps)
                method, question = recipe.method, recipe.question
                pool = options["pool"] or recipe.pool
            found = evaluate_recipe(
                project=project,
                steps=steps,
                pool=pool,
                method=method,
                question=question,
                embed=embed,
                seeds=options["seeds"],
            )
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        if options["json"]:
            self.report(found, as_json=True)
            return
        self.stdout.write(f"{found['tested']} pairs of {found['prompts']} prompts, {found['seeds']} seeds")
        for one in found["sets"]:
            accuracy, against = one["accuracy"], one["against_raw"]
            self.stdout.write(
                f"{one['name']:24} {one['rows']:6} rows  {accuracy['value']:.3f} "
                f"({accuracy['low']:.3f} to {accuracy['high']:.3f})  {against['value']:+.3f} "
                f"({against['low']:+.3f} to {against['high']:+.3f})"
            )
        self.stdout.write(found["verdict"])
