"""Handler: a local model judge, asked in both orders and debiased, answers through ``record_judgment``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from annotate.errors import LeaseLost
from annotate.models import Candidate, Item, Job, Judge, Project
from annotate.selectors.items import pair_of
from annotate.services.assignments import lease_item
from annotate.services.judges import model_judge
from annotate.services.judgments import record_judgment, record_unparseable
from workers.generating import items_of

if TYPE_CHECKING:
    from workers.runtime.loading import LanguageModel

# Less than half of the probability on the two letters means the model answered something else.
MIN_MASS = 0.5


def local_judge(*, project: Project) -> Judge:
    """The packaged model as a judge of this project; its version names weights and template."""
    from workers.runtime.judging import TEMPLATE_HASH
    from workers.runtime.packaged import smollm2

    folder = smollm2(Path(settings.WINNOW_MODELS))
    return model_judge(
        project=project,
        name=folder.name,
        version=f"{folder.revision[:12]}-{TEMPLATE_HASH[:12]}",
        settings={"backend": "local", "revision": folder.revision, "template": TEMPLATE_HASH},
    )


def judge_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Judge the chunk's items. What this judge has answered already is passed over, so a kill repeats
    nothing."""
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    assert job.project is not None
    judge = local_judge(project=job.project)
    lm = load_language_model(smollm2(Path(settings.WINNOW_MODELS)))
    counts = {"judgments": 0, "unparseable": 0}
    for done, item in enumerate(items_of(job), start=1):
        pair = pair_of(item)
        if pair is not None and not item.assignments.filter(judge=judge, state="done").exists():
            counts[judge_item(item, judge, pair, lm)] += 1
        progress(done)
    return counts


def judge_item(item: Item, judge: Judge, pair: tuple[Candidate, Candidate], lm: LanguageModel) -> str:
    """Ask in both orders first, then lease and record in one go: the model never holds an item while it
    thinks."""
    from curation.numerics.judging import debias, preference_from
    from workers.runtime.judging import force_choice

    first, second = pair
    began = time.monotonic()
    forward = force_choice(lm, item.prompt, first.text, second.text)
    backward = force_choice(lm, item.prompt, second.text, first.text)
    seconds = time.monotonic() - began
    raw: dict[str, Any] = {
        "p_first_shown": [forward.p_first, backward.p_first],
        "mass": [forward.mass, backward.mass],
        "orders": [[first.position, second.position], [second.position, first.position]],
    }
    try:
        lease = lease_item(item=item, judge=judge, order=[first.position, second.position], seated=False)
    except LeaseLost:
        return "judgments"
    if min(forward.mass, backward.mass) < MIN_MASS:
        record_unparseable(assignment=lease, token=lease.lease_token, raw=raw, seconds=seconds)
        return "unparseable"
    settled = debias(forward.p_first, backward.p_first)
    raw |= {"p_first": settled.p_first, "bias": settled.bias, "flipped": settled.flipped}
    record_judgment(
        assignment=lease,
        token=lease.lease_token,
        answers={"preference": preference_from(settled.p_first)},
        seconds=seconds,
        raw=raw,
    )
    return "judgments"
