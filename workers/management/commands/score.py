from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import NothingToDo, WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.models import Project
from curation.enums import Scorer
from curation.selectors.scorers import pass_of, scorer_names, spec_of
from curation.selectors.scores import scored_rows
from curation.services.scoring import score_items, told
from curation.services.settling import settle_items
from workers.running import work_off


class Command(StageCommand):
    help = "Score pairs (stage 3)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("--with", dest="scorers", action="append", choices=scorer_names())
        parser.add_argument(
            "--model", default="", help="For scores by a model: which; see docs/operations.md."
        )
        parser.add_argument("--form", choices=("single", "pair"), default="single", help="Of a reward model.")
        parser.add_argument(
            "--from-lists", action="store_true", help="Strength of the score lists, not of embeddings."
        )
        parser.add_argument(
            "--one-scale", action="store_true", help="With --from-lists: each list over its own spread."
        )
        parser.add_argument("--out", type=Path, help="Write a row per pair to this JSONL file.")
        parser.add_argument("--later", action="store_true", help="Leave the work to a worker.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        scorers = options["scorers"] or ["logprob", "embedding", "features"]
        try:
            project, report = project_or_file(options["project"])
            if report is not None and not all(spec_of(name).chunk for name in scorers):
                # What is scored as a whole is scored against its labels.
                settle_items(project=project)
            said = {name: options[name] for name in ("model", "form", "from_lists", "one_scale")}
            asked = self.ask(project, scorers, said)
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

    def ask(self, project: Project, scorers: list[str], said: dict[str, Any]) -> dict[str, Any]:
        """One job per scorer; log-probabilities and CHES are one, for they come from one pass."""
        asked = {}
        for scorer in scorers:
            if scorer == Scorer.CHES and Scorer.LOGPROB in scorers:
                continue
            try:
                parameters = told(scorer=scorer, **said)
                asked[scorer] = score_items(project=project, scorer=scorer, parameters=parameters)
            except NothingToDo:
                continue
        return asked

    def write(self, project: Project, out: Path, scorers: list[str]) -> int:
        rows = 0
        written = {kind for name in scorers for kind in (*pass_of(name), *spec_of(name).companions)}
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8", newline="\n") as stream:
            for row in scored_rows(project, scorers=sorted(written)):
                stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
                rows += 1
        return rows
