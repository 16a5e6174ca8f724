from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotate.errors import WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.models import Job, Project
from annotate.selectors.progress import jobs_of
from curation.services.generating import ask_for_candidates
from curation.services.generators import ask_again_for_neither, ask_generators
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
        parser.add_argument(
            "--model",
            default="",
            help="Its name at the endpoint; or a local model, as in docs/operations.md.",
        )
        parser.add_argument(
            "--generators", action="store_true", help="Let the project's own generators write."
        )
        parser.add_argument(
            "--neither", action="store_true", help="Put prompts settled as neither to the generators again."
        )
        parser.add_argument("--later", action="store_true", help="Leave the work to a worker.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"], seed=options["seed"])
            asked = self.ask(project, options)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        if not options["later"]:
            work_off(patience=0)
        jobs = list(jobs_of(project).filter(pk__in=[job.pk for job in asked]).order_by("pk"))
        told = [
            {"job": job.pk, "state": job.state, "done": job.done, "total": job.total, "error": job.error}
            for job in jobs
        ]
        self.report(told[0] if len(told) == 1 else {"jobs": told}, as_json=options["json"])
        if any(job.state == "failed" for job in jobs):
            raise SystemExit(1)

    def ask(self, project: Project, options: dict[str, Any]) -> list[Job]:
        if options["neither"]:
            return ask_again_for_neither(project=project)
        if options["generators"]:
            return ask_generators(project=project)
        names = ("k", "temperature", "top_p", "seed", "max_new_tokens", "url", "model")
        return [ask_for_candidates(project=project, **{name: options[name] for name in names})]
