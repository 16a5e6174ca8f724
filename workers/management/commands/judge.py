from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import NothingToDo, WinnowError
from annotate.management.target import StageCommand, project_or_file
from annotate.models import Judge, Project
from annotate.selectors.progress import jobs_of
from curation.selectors.judging import call_totals, latest_calibration, model_judges, standing_of
from curation.selectors.policies import current_policy
from curation.selectors.steering import Tried, steering_of
from curation.services.calibrating import calibrate_judge, plain
from curation.services.judging import LOCAL_NAME, ask_judge, local_judge, save_judge
from curation.services.routing import make_policy, route_items
from curation.services.steering import try_injections
from workers.running import work_off


class Command(StageCommand):
    help = "Ask a model judge about everything that waits for it, and measure it against people (stage 5)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="A project's slug, or a file.")
        parser.add_argument(
            "--judge",
            default=LOCAL_NAME,
            help="A judge's name, latest version; the local model when left out.",
        )
        parser.add_argument(
            "--spec",
            type=Path,
            help="A JSON file of settings: makes or finds a version of that name.",
        )
        parser.add_argument("--limit", type=int, default=None, help="Items at most.")
        parser.add_argument(
            "--injections",
            type=int,
            metavar="PAIRS",
            help="Try injected lines on so many pairs, instead of asking about what waits.",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--later", action="store_true", help="Leave the work to a worker.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            project, _report = project_or_file(options["project"], seed=options["seed"])
            judge = self.find(project, options["judge"], options["spec"])
            if current_policy(project=project) is None and options["injections"] is None:
                route_items(policy=make_policy(project=project, kind="everyone", seed=options["seed"]))
            found = self.ask(judge, options)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(found, as_json=options["json"])
        if found["state"] == "failed":
            raise SystemExit(1)

    def find(self, project: Project, name: str, settings: Path | None) -> Judge:
        if settings is not None:
            try:
                given = json.loads(settings.read_text(encoding="utf-8"))
            except (OSError, ValueError) as trouble:
                raise CommandError(f"{settings} holds no JSON settings: {trouble}") from trouble
            return save_judge(project=project, name=name, given=given)
        judge = model_judges(project).filter(name=name).first()
        if judge is not None:
            return judge
        if name == LOCAL_NAME:
            return local_judge(project=project)
        raise CommandError(f"This project has no judge {name}. Make one with --spec, or on its page.")

    def ask(self, judge: Judge, options: dict[str, Any]) -> dict[str, Any]:
        tries = options["injections"]
        job = (
            ask_judge(judge=judge, limit=options["limit"])
            if tries is None
            else try_injections(judge=judge, pairs=tries)
        )
        if not options["later"]:
            work_off(patience=0)
        job = jobs_of(judge.project).get(pk=job.pk)
        standing, totals = standing_of(judge), call_totals(judge)
        return {
            "judge": judge.name,
            "version": judge.version,
            "job": job.pk,
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "error": job.error,
            "pairs": standing.pairs,
            "flips": standing.flips,
            "unparseable": standing.unparseable,
            "may_label_alone": standing.alone,
            "why": standing.why,
            "injections": self.steering(judge, standing.tried),
            "calls": totals.calls,
            "price": totals.price,
            "figures": self.measure(judge),
        }

    def steering(self, judge: Judge, tried: Tried) -> dict[str, Any]:
        found = steering_of(judge)
        figures = {} if found is None else {name: plain(one) for name, one in found.figures.items()}
        return {"pairs": tried.pairs, "turned": tried.turned, "of": tried.read, "figures": figures}

    def measure(self, judge: Judge) -> dict[str, Any] | None:
        """Against people, where enough of them have judged the same."""
        try:
            return dict(calibrate_judge(judge=judge).figures)
        except NothingToDo:
            known = latest_calibration(judge)
            return dict(known.figures) if known else None
