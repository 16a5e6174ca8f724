from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotate.errors import NothingToDo, WinnowError
from annotate.management.target import StageCommand, project_from_file
from annotate.models import Job, Judge, Project
from curation.enums import Pool
from curation.selectors.judging import standing_of
from curation.selectors.scorers import spec_of
from curation.services.generating import ask_for_candidates
from curation.services.judging import LOCAL_NAME, ask_judge, local_judge, save_judge
from curation.services.recipes import default_steps, save_recipe
from curation.services.releasing import export_release, freeze_release
from curation.services.routing import make_policy, route_items
from curation.services.scoring import score_items
from curation.services.settling import settle_items
from workers.running import work_off


class Command(StageCommand):
    help = (
        "Run all seven stages headless on a file: import, candidates, score, route, judge, settle, release."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--out", type=Path, required=True, help="The release's folder; must not exist or be empty."
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--lenient", action="store_true")
        parser.add_argument(
            "--with", dest="scorers", action="append", default=None, help="Scorers; ches when left out."
        )
        parser.add_argument(
            "--ask-judge",
            nargs="?",
            const=LOCAL_NAME,
            default=None,
            metavar="SETTINGS",
            help="Ask a model judge too: the local model, or one with the settings of this JSON file.",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        if out.exists() and any(out.iterdir()):
            raise CommandError(f"{out} is not empty. Name another folder, or remove it first.")
        try:
            found = self.run_stages(options)
        except WinnowError as trouble:
            self.refuse(trouble, as_json=options["json"])
            return
        self.report(found, as_json=options["json"])

    def run_stages(self, options: dict[str, Any]) -> dict[str, Any]:
        seed, seconds = options["seed"], {}

        def timed(stage: str, act: Callable[[], Any]) -> Any:
            began = time.monotonic()
            try:
                return act()
            finally:
                seconds[stage] = round(time.monotonic() - began, 3)

        project, imported = timed(
            "import", lambda: project_from_file(options["file"], seed=seed, lenient=options["lenient"])
        )
        timed("candidates", lambda: self.generate(project, seed))
        timed("score", lambda: self.score(project, options["scorers"] or ["ches"]))
        timed("route", lambda: route_items(policy=make_policy(project=project, kind="everyone", seed=seed)))
        judge = timed("judge", lambda: self.ask(project, options["ask_judge"]))
        settled = timed("settle", lambda: settle_items(project=project))
        recipe = save_recipe(project=project, name="Default", steps=default_steps(project))
        release = timed("release", lambda: freeze_release(project=project, recipe=recipe))
        digest = timed("export", lambda: export_release(release=release, folder=options["out"]))
        return {
            "items": imported.items,
            "candidates": imported.candidates,
            "judgments": {kind: imported.judgments[kind] for kind in ("person", "model")},
            "unparseable": imported.judgments["unparseable"],
            "judge": judge,
            "quarantined": imported.quarantined,
            "estimates": settled.estimates[Pool.PEOPLE_FIRST.value],
            "agreement": settled.alpha,
            "dropped": release.dropped,
            "exported": release.rows,
            "seconds": seconds,
            "release": str(options["out"]),
            "manifest_sha256": digest,
        }

    def generate(self, project: Project, seed: int) -> None:
        try:
            self.finish(ask_for_candidates(project=project, seed=seed))
        except NothingToDo:
            return

    def score(self, project: Project, scorers: list[str]) -> None:
        if not all(spec_of(name).chunk for name in scorers):
            # What is scored as a whole is scored against its labels.
            settle_items(project=project)
        for scorer in scorers:
            try:
                self.finish(score_items(project=project, scorer=scorer))
            except NothingToDo:
                continue

    def ask(self, project: Project, wanted: str | None) -> dict[str, Any] | None:
        """What a model judge made of the pairs, where one was asked for."""
        if wanted is None:
            return None
        judge = judge_for(project, wanted)
        self.finish(ask_judge(judge=judge))
        standing = standing_of(judge)
        return {
            "name": judge.name,
            "version": judge.version,
            "judgments": standing.pairs,
            "flips": standing.flips,
            "unparseable": standing.unparseable,
        }

    def finish(self, job: Job) -> None:
        """Do the work here and now; where a worker took part of it, wait for that part."""
        while True:
            work_off()
            job.refresh_from_db()
            if job.state in ("failed", "cancelled"):
                raise CommandError(f"{job.get_kind_display()}: {job.error}")
            if job.state == "done":
                return
            time.sleep(0.5)


def judge_for(project: Project, wanted: str) -> Judge:
    """The local judge, or one with the settings of a file."""
    if wanted == LOCAL_NAME:
        return local_judge(project=project)
    path = Path(wanted)
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as trouble:
        raise CommandError(f"{wanted} holds no JSON settings of a judge: {trouble}") from trouble
    return save_judge(project=project, name=path.stem, given=given)
