"""Which function does which kind of job: the only table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annotate.enums import JobKind
from annotate.models import Job
from curation.services.settling import settle_items
from workers.curating import freeze_or_export, prepare_preview
from workers.generating import generate_chunk
from workers.importing import import_upload
from workers.judging import judge_chunk
from workers.routing import learn_and_route, look_again, mix_labels, replay_policies
from workers.scoring import score_chunk
from workers.steering import try_chunk

Handler = Callable[[Job, Callable[[int], None]], dict[str, Any]]


def settle_project(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    if job.project is None:
        return {}
    report = settle_items(project=job.project)
    return {"estimates": report.estimates, "changed": report.changed}


HANDLERS: dict[str, Handler] = {
    JobKind.GENERATE: generate_chunk,
    JobKind.SCORE: score_chunk,
    JobKind.JUDGE: judge_chunk,
    JobKind.TRIAL: try_chunk,
    JobKind.SETTLE: settle_project,
    JobKind.IMPORT: import_upload,
    JobKind.ROUTE: learn_and_route,
    JobKind.REPLAY: replay_policies,
    JobKind.MIXTURES: mix_labels,
    JobKind.RECHECK: look_again,
    JobKind.CURATE: prepare_preview,
    JobKind.RELEASE: freeze_or_export,
}
