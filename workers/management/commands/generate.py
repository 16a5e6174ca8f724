from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.selectors.progress import jobs_of
from curation.services.generating import ask_for_candidates
from workers.running import work_off


class Command(StageCommand):
    help = "Write candidates for prompts that have too few (stage 2)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument("-k", type=int, default=2, help="Candidates per prompt.")
        parser.add_argument("--temperature", type=float, default=0.8)
        parser.add_argument("--top-p", type=float, default=0.95)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--max-new-tokens", type=int, default=160)
        parser.add_argument(
            "--url", default="", help="An OpenAI-compatible endpoint; the local model when empty."
        )
        parser.add_argument("--model", default="", help="The model's name at the endpoint.")
        parser.add_argument("--later", action="store_true", help="Leave the work to a worker.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"], seed=options["seed"])
            job = ask_for_candidates(
                project=project,
                k=options["k"],
                temperature=options["temperature"],
                top_p=options["top_p"],
                seed=options["seed"],
                max_new_tokens=options["max_new_tokens"],
                url=options["url"],
                model=options["model"],
            )
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        if not options["later"]:
            work_off(patience=0)
        job = jobs_of(project).get(pk=job.pk)
        found = {"job": job.pk, "state": job.state, "done": job.done, "total": job.total, "error": job.error}
        self.report(found, as_json=options["json"])
        if job.state == "failed":
            raise SystemExit(1)
