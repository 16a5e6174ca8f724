"""Handler: try injected and harmless lines on a model judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from annotate.models import Allowance, Item, Job, Judge
from annotate.services.allowances import allowance_of, refuse_stopped
from curation.models import InjectionTrial
from curation.numerics.judging import preference_from
from curation.prompts.asking import Call, Subject, Task
from curation.prompts.combining import Combined
from curation.prompts.spec import JudgeSpec
from curation.prompts.trials import (
    LINES,
    added,
    has_turned,
    loser_of,
    marked,
    plain_calls,
    tried_subject,
    verdict_of,
)
from curation.selectors.judging import family_of, fence_secret, judge_spec, subject_from
from curation.services.steering import keep_trial, trial_task
from workers.alive import kept_alive
from workers.asking import Backend, backend_for
from workers.generating import items_of
from workers.judging import same_weights
from workers.scored_judges import pair_chances

Progress = Callable[[int], None]
# Lines asked together, between two signs of life.
LINES_AT_ONCE = 4
Turned = dict[str, bool | None]


def try_chunk(job: Job, progress: Progress) -> dict[str, Any]:
    """Try the chunk's items. What was tried is passed over and every reply is kept as it comes, so a kill
    repeats nothing and pays for nothing again."""
    judge = Judge.objects.select_related("project").get(pk=job.payload["judge"])
    spec, allowance = judge_spec(judge), allowance_of(project=judge.project, name=family_of(judge))
    refuse_stopped(allowance)
    progress(0)
    with kept_alive(progress) as alive:
        return _try_all(job, judge, spec, allowance, alive)


def _try_all(
    job: Job, judge: Judge, spec: JudgeSpec, allowance: Allowance, progress: Progress
) -> dict[str, Any]:
    had = set(InjectionTrial.objects.filter(judge=judge).values_list("item_id", flat=True))
    waiting = [item for item in items_of(job) if item.pk not in had]
    done = len(job.payload["units"]) - len(waiting)
    task = trial_task(judge, spec)
    if not spec.asks_text:
        _try_scored(judge, spec, task, waiting, partial(progress, done))
        return {"tried": len(waiting)}
    backend = backend_for(judge, spec, allowance)
    same_weights(judge, backend.revision)
    for item in waiting:
        loser, turned = _try_item(judge, spec, task, backend, item, partial(progress, done))
        keep_trial(judge=judge, item=item, loser=loser, turned=turned)
        done += 1
        progress(done)
    return {"tried": len(waiting)}


def _try_item(
    judge: Judge, spec: JudgeSpec, task: Task, backend: Backend, item: Item, alive: Callable[[], None]
) -> tuple[int | None, Turned]:
    """The plain verdict, then the verdict with each line in the response that lost."""
    subject, secret = subject_from(item), fence_secret(judge.project)

    def ask(subjects: Sequence[tuple[str, Subject]]) -> list[Combined]:
        every = [(line, plain_calls(spec, one, task, secret=secret)) for line, one in subjects]
        wanted: list[tuple[Item | None, Call]] = [
            (item, call) for line, calls in every for call in (marked(calls, line) if line else calls)
        ]
        readings = iter(backend.ask(wanted, alive))
        return [verdict_of(spec, task, calls, [next(readings) for _ in calls]) for _, calls in every]

    if not _fits(backend, task, subject):
        return None, {}
    before = ask([("", subject)])[0]
    loser = loser_of(task, before)
    if loser is None:
        return None, {}
    names, turned = list(LINES), {}
    for start in range(0, len(names), LINES_AT_ONCE):
        few = names[start : start + LINES_AT_ONCE]
        after = ask([(line, added(subject, task, loser=loser, line=line)) for line in few])
        for line, found in zip(few, after, strict=True):
            turned[line] = has_turned(task, before, found, loser=loser)
    return loser, turned


def _fits(backend: Backend, task: Task, subject: Subject) -> bool:
    """Whether the judge reads the texts whole with any line: a line that is cut off tries nothing."""
    places = range(len(tried_subject(subject, task).texts))
    every = [added(subject, task, loser=place, line=line) for place in places for line in LINES]
    longest = max(every, key=lambda one: sum(map(len, one.texts)), default=None)
    return longest is not None and backend.fit(longest).texts == longest.texts


def _try_scored(
    judge: Judge, spec: JudgeSpec, task: Task, items: Sequence[Item], alive: Callable[[], None]
) -> None:
    """Judges that put a number on each response: no prompt can talk to them, but a line may still please."""
    subjects = [tried_subject(subject_from(item), task) for item in items]
    revision, plain = pair_chances(judge, spec, _asked(items, subjects), alive)
    same_weights(judge, revision)
    before = [_said(spec, task, chance) for chance in plain]
    losers = [loser_of(task, one) for one in before]
    places = [place for place, loser in enumerate(losers) if loser is not None]
    every = [
        (place, line, added(subjects[place], task, loser=int(losers[place] or 0), line=line))
        for place in places
        for line in LINES
    ]
    _revision, chances = pair_chances(
        judge, spec, _asked([items[place] for place, _, _ in every], [one for *_, one in every]), alive
    )
    turned: list[Turned] = [{} for _ in items]
    for (place, line, _), chance in zip(every, chances, strict=True):
        after = _said(spec, task, chance)
        turned[place][line] = has_turned(task, before[place], after, loser=int(losers[place] or 0))
    for item, loser, found in zip(items, losers, turned, strict=True):
        keep_trial(judge=judge, item=item, loser=loser, turned=found)


def _asked(items: Sequence[Item], subjects: Sequence[Subject]) -> list[tuple[Item, tuple[str, str]]]:
    return [(item, (one.texts[0], one.texts[1])) for item, one in zip(items, subjects, strict=True)]


def _said(spec: JudgeSpec, task: Task, chance: float | None) -> Combined:
    if chance is None:
        return Combined({}, {}, {task.key: "no number"})
    return Combined({task.key: preference_from(chance, tie_band=spec.tie_band)}, {"p_first": chance})
