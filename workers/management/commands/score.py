from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import NothingToDo, WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.models import Project
from curation.enums import Scorer
from curation.selectors.scores import scored_rows
from curation.services.scoring import score_items
from curation.services.settling import settle_items
from workers.running import work_off


class Command(StageCommand):
    help = "Score pairs (stage 3)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("--with", dest="scorers", action="append", choices=Scorer.values)
        parser.add_argument("--out", type=Path, help="Write a row per pair to this JSONL file.")
        parser.add_argument("--later", action="store_true", help="Leave the work to a worker.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        scorers = options["scorers"] or list(Scorer.values)
        try:
            project, report = project_or_file(options["project"])
            asked = self.ask(project, scorers)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        if not options["later"]:
            work_off()
        found: dict[str, Any] = {"jobs": {}}
        for scorer, job in asked.items():
            job.refresh_from_db()
            found["jobs"][scorer] = {
                "state": job.state,
                "done": job.done,
                "total": job.total,
                "error": job.error,
            }
        if options["out"]:
            if report is not None:
                settle_items(project=project)
            found["rows"] = self.write(project, options["out"], scorers)
        self.report(found, as_json=options["json"])
        failed = [job.error for job in asked.values() if job.state == "failed"]
        if failed:
            raise CommandError(failed[0])

    def ask(self, project: Project, scorers: list[str]) -> dict[str, Any]:
        asked = {}
        for scorer in scorers:
            try:
                asked[scorer] = score_items(project=project, scorer=scorer)
            except NothingToDo:
                continue
        return asked

    def write(self, project: Project, out: Path, scorers: list[str]) -> int:
        rows = 0
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8", newline="\n") as stream:
            for row in scored_rows(project, scorers=scorers):
                stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
                rows += 1
        return rows
