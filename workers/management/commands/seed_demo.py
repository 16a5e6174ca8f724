from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser

from annotate.errors import NothingToDo
from annotate.models import Project
from annotate.services.importing import ImportReport, import_items
from annotate.services.projects import create_project
from curation.services.generating import ask_for_candidates
from curation.services.recipes import read_yaml, save_recipe, steps_to_dicts
from curation.services.routing import make_policy, route_items

DEMO = Path(settings.BASE_DIR) / "demo"


class Command(BaseCommand):
    help = "Make the demo project: pairs to label at once, and prompts for the worker to answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-generate", action="store_true", help="Leave prompts without candidates alone."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Project.objects.filter(slug="demo").exists():
            self.stdout.write("The demo project is there already.")
            return
        lead = User.objects.filter(is_superuser=True).order_by("pk").first()
        project = create_project(
            name="Demo: helpful answers",
            slug="demo",
            description="Prompts of our own, answered by a small model on this machine.",
            lead=lead,
            guidelines=(DEMO / "guidelines.md").read_text(),
        )
        pairs = import_items(project=project, path=DEMO / "pairs.jsonl")
        prompts = self.import_unanswered(project)
        policy = make_policy(project=project, kind="everyone", ask_models=True)
        route_items(policy=policy)
        for path in sorted((DEMO / "recipes").glob("*.yaml")):
            read = read_yaml(path.read_text(encoding="utf-8"))
            save_recipe(project=project, name=read.name, steps=steps_to_dicts(read.steps), pool=read.pool)
        if not options["no_generate"]:
            try:
                ask_for_candidates(project=project, k=2, max_new_tokens=160)
            except NothingToDo as reason:
                self.stdout.write(reason.message)
        self.stdout.write(f"Demo project: {pairs.items} pairs to label, {prompts.items} prompts to answer.")

    def import_unanswered(self, project: Project) -> ImportReport:
        """The prompts that no pair was made of beforehand: the worker answers them while the newcomer
        watches."""
        answered = {json.loads(line)["id"] for line in (DEMO / "pairs.jsonl").read_text().splitlines()}
        lines = (DEMO / "prompts.jsonl").read_text().splitlines(keepends=True)
        waiting = [line for line in lines if json.loads(line)["id"] not in answered]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prompts.jsonl"
            path.write_text("".join(waiting))
            return import_items(project=project, path=path)
