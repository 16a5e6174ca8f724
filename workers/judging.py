"""Handler: a model judge answers items, through the same door as everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from annotate.errors import InvalidSetting, JudgeStopped, LeaseLost
from annotate.models import Allowance, Assignment, Item, Job, Judge
from annotate.selectors.questions import main_key, questionnaire_of
from annotate.services.allowances import allowance_of, note_canaries, refuse_stopped, stop_judge
from annotate.services.assignments import lease_grown_item, lease_item
from annotate.services.judges import bind_revision
from annotate.services.judgments import record_judgment, record_unparseable
from curation.prompts.asking import Call, Subject, Task, calls_for
from curation.prompts.canaries import CANARIES, chosen, control_task, passes, should_stop
from curation.prompts.combining import Combined, combine
from curation.prompts.spec import JudgeSpec
from curation.selectors.judging import (
    family_of,
    fence_secret,
    grown_assignments,
    judge_spec,
    subject_from,
    tasks_for,
)
from workers.asking import Backend, backend_for
from workers.generating import items_of
from workers.scored_judges import combined, reward_answers, strength_answers

# Asked in every chunk, beside its items.
CANARIES_EACH = 2
SCORED_AT_ONCE = 16
Progress = Callable[[int], None]


def judge_chunk(job: Job, progress: Progress) -> dict[str, Any]:
    """Judge the chunk's items. What this judge has answered is passed over and every reply is kept as it
    comes, so a kill repeats nothing."""
    judge = Judge.objects.select_related("project").get(pk=job.payload["judge"])
    spec, allowance = judge_spec(judge), allowance_of(project=judge.project, name=family_of(judge))
    refuse_stopped(allowance)
    progress(0)
    grown = grown_assignments(judge).values_list("item_id", flat=True)
    had = judge.assignments.filter(state="done", item__in=job.payload["units"]).exclude(item__in=grown)
    answered = set(had.values_list("item_id", flat=True))
    waiting = [item for item in items_of(job) if item.pk not in answered]
    done = len(job.payload["units"]) - len(waiting)
    if not spec.asks_text:
        return _scored_chunk(judge, spec, waiting, done, progress)
    backend = backend_for(judge, spec, allowance)
    same_weights(judge, backend.revision)
    tasks = tasks_for(judge.project, spec)
    _ask_canaries(job, spec, tasks, backend, allowance, progress)
    counts = {"judgments": 0, "unparseable": 0}
    for start in range(0, len(waiting), backend.items):
        batch = waiting[start : start + backend.items]
        for item, answer, seconds in _answers(batch, judge, spec, tasks, backend, done, progress):
            counts[_record(item, judge, spec, answer, seconds)] += 1
            done += 1
        progress(done)
    return counts


def _scored_chunk(
    judge: Judge, spec: JudgeSpec, waiting: Sequence[Item], done: int, progress: Progress
) -> dict[str, Any]:
    """Judges that put a number on each response: no question is put to them, and no control pair."""
    counts, tasks = {"judgments": 0, "unparseable": 0}, tasks_for(judge.project, spec)
    # Heads learn from all labels at once; a reward model takes what fits a batch.
    at_once = SCORED_AT_ONCE if spec.backend == "reward" else max(len(waiting), 1)
    for start in range(0, len(waiting), at_once):
        began = time.monotonic()
        batch = waiting[start : start + at_once]
        if spec.backend == "reward":
            revision, answers = reward_answers(spec, batch)
        else:
            revision, answers = strength_answers(judge, batch, partial(progress, done))
        same_weights(judge, revision)
        seconds = (time.monotonic() - began) / len(batch)
        for item, scored in answers:
            counts[_record(item, judge, spec, combined(spec, tasks, scored), seconds)] += 1
            done += 1
        progress(done)
    return counts


def same_weights(judge: Judge, revision: str) -> None:
    """A judge is a model at a revision: with other weights it would be another."""
    if revision and not bind_revision(judge=judge, revision=revision):
        raise InvalidSetting(
            "The model's weights have changed since this judge was made.", cure="Save a new version of it."
        )


def _answers(
    batch: Sequence[Item],
    judge: Judge,
    spec: JudgeSpec,
    tasks: Sequence[Task],
    backend: Backend,
    done: int,
    progress: Progress,
) -> list[tuple[Item, Combined, float]]:
    """The calls of a few items together; the model never holds an item while it thinks."""
    secret = fence_secret(judge.project)
    began = time.monotonic()
    planned = [
        (item, calls_for(spec, backend.fit(subject_from(item)), tasks, secret=secret)) for item in batch
    ]
    wanted = [(item, call) for item, calls in planned for call in calls]
    readings = iter(backend.ask(wanted, lambda: progress(done)))
    seconds = (time.monotonic() - began) / max(len(batch), 1)
    main = main_key(judge.project)
    return [
        (item, combine(spec, calls, [next(readings) for _ in calls], main=main), seconds)
        for item, calls in planned
    ]


def _record(item: Item, judge: Judge, spec: JudgeSpec, answer: Combined, seconds: float) -> str:
    order = sorted(one.position for one in item.candidates.all())
    raw = answer.raw | {"missing": answer.missing, "spec": spec.digest[:16]}
    try:
        lease = _lease(item, judge, order)
    except LeaseLost:
        return "judgments"
    answers = questionnaire_of(judge.project).nearest(answer.answers)
    if not answers:
        record_unparseable(assignment=lease, token=lease.lease_token, raw=raw, seconds=seconds)
        return "unparseable"
    record_judgment(
        assignment=lease,
        token=lease.lease_token,
        answers=answers,
        seconds=seconds,
        raw=raw,
        only=set(answers),
    )
    return "judgments"


def _lease(item: Item, judge: Judge, order: list[int]) -> Assignment:
    if len(order) > 1 and item.assignments.filter(judge=judge, state="done", order=[0]).exists():
        return lease_grown_item(item=item, judge=judge, order=order)
    return lease_item(item=item, judge=judge, order=order, seated=False)


def _ask_canaries(
    job: Job,
    spec: JudgeSpec,
    tasks: Sequence[Task],
    backend: Backend,
    allowance: Allowance,
    progress: Progress,
) -> None:
    """Some pairs with one right answer, asked anew in every chunk. Raises JudgeStopped where too many
    fail."""
    control = control_task(tasks)
    if control is None:
        return
    planned: list[list[Call]] = []
    for place in chosen(job.pk, CANARIES_EACH):
        one = CANARIES[place]
        subject = Subject([{"role": "user", "content": one.prompt}], (one.good, one.bad))
        planned.append(calls_for(spec, subject, [control], secret=b"canary:%d" % job.pk))
    wanted = [(None, call) for calls in planned for call in calls if call.question]
    readings = iter(backend.ask(wanted, lambda: progress(0), mark=f"canary:{job.pk}"))
    passed = 0
    for calls in planned:
        asked = [call for call in calls if call.question]
        passed += passes(combine(spec, asked, [next(readings) for _ in asked]), control)
    if job.attempts > 1:
        return
    found = note_canaries(allowance=allowance, asked=len(planned), passed=passed)
    if should_stop(found.canaries_passed, found.canaries_asked):
        reason = (
            f"it passed {found.canaries_passed} of {found.canaries_asked} control pairs, whose right answer "
            "is plain."
        )
        stop_judge(allowance=allowance, reason=reason)
        raise JudgeStopped(
            f"This judge is stopped: {reason}", cure="Look at its replies, then save another version."
        )
