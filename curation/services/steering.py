"""Stage 5 for models: try injected lines on a judge, after saying what that may cost."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, Length

from annotate.enums import JobKind, JobQueue
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Candidate, Item, Job, Judge
from annotate.selectors.items import pairable_items
from annotate.services.allowances import allowance_of, price_of, refuse_stopped
from annotate.services.jobs import enqueue_job
from curation.models import InjectionTrial
from curation.prompts.asking import Task
from curation.prompts.spec import JudgeSpec
from curation.prompts.trials import LINES, added, plain_calls, texts_needed, tried_task
from curation.selectors.judging import (
    family_of,
    fence_secret,
    judge_spec,
    model_judges,
    subject_from,
    subjects_of,
    tasks_for,
)
from curation.services.calibrating import sides_by_people
from curation.services.judging import QUEUES, REPLY_TOKENS

# Pairs that may be tried at once; promise P18 names the last.
SIZES = (20, 100, 400)
# Longer ones would be cut to the window of a small model, and the line with them.
MOST_CHARACTERS = 6000
SAMPLE_FOR_ESTIMATE = 5
# Some 30 calls each: a chunk is to end within a minute or so. Heads learn once for all of theirs.
CHUNKS = {"local": 1, "endpoint": 2, "reward": 4, "strength": 400}


@dataclass(frozen=True, slots=True)
class TrialEstimate:
    """What trying so many pairs comes to. ``price_at_most`` is in millionths."""

    pairs: int
    calls: int
    price_at_most: int


def trial_task(judge: Judge, spec: JudgeSpec) -> Task:
    """The question a judge is tried with. Raises InvalidSetting where it is shown no response."""
    task = tried_task(tasks_for(judge.project, spec))
    if task is None:
        raise InvalidSetting(
            "This judge is shown no response, so none can talk to it.",
            cure="There is nothing to try: no candidate can steer it.",
        )
    return task


def items_to_try(judge: Judge) -> QuerySet[Item]:
    """Items of the work that this judge was not tried on yet and that are short enough, in the order of their
    keys, which is none."""
    spec = judge_spec(judge)
    needed = texts_needed(trial_task(judge, spec))
    texts = Candidate.objects.filter(item=OuterRef("pk"), position__lt=needed).order_by().values("item")
    waiting = (
        subjects_of(judge.project, spec)
        .exclude(injection_trials__judge=judge)
        .annotate(
            prompt_length=Length(Cast("prompt", TextField())),
            texts_length=Subquery(texts.annotate(length=Sum(Length("text"))).values("length")),
        )
        .filter(texts_length__lte=MOST_CHARACTERS - F("prompt_length"))
    )
    if needed > 1:
        waiting = waiting.filter(pk__in=pairable_items(judge.project).values("pk"))
    if spec.backend == "strength":
        # It has learnt what people said, and would only say it again.
        waiting = waiting.exclude(pk__in=list(sides_by_people(judge.project)))
    return waiting.order_by("key")


def trial_estimates(judge: Judge) -> list[TrialEstimate]:
    """What each size of a trial would come to; empty where nothing can be tried."""
    spec = judge_spec(judge)
    try:
        task, waiting = trial_task(judge, spec), items_to_try(judge)
    except InvalidSetting:
        return []
    count = len(waiting.values_list("pk", flat=True)[: SIZES[-1]])
    sizes = sorted({min(size, count) for size in SIZES} - {0})
    if not spec.asks_text:
        return [TrialEstimate(size, 0, 0) for size in sizes]
    sample = list(waiting.prefetch_related("candidates")[:SAMPLE_FOR_ESTIMATE])
    calls, read = _sampled(judge, spec, task, sample)
    allowance = allowance_of(project=judge.project, name=family_of(judge))
    made = []
    for size in sizes:
        n_calls, tokens = round(calls * size / len(sample)), round(read * size / len(sample))
        most = price_of(allowance, tokens_in=tokens, tokens_out=n_calls * REPLY_TOKENS[spec.reply])
        made.append(TrialEstimate(size, n_calls, most if spec.backend == "endpoint" else 0))
    return made


def _sampled(judge: Judge, spec: JudgeSpec, task: Task, items: list[Item]) -> tuple[int, int]:
    """Calls about these items, and the bytes that they read: as many tokens at most."""
    secret = fence_secret(judge.project)
    texts = []
    for item in items:
        subject = subject_from(item)
        asked = [subject, *(added(subject, task, loser=0, line=line) for line in LINES)]
        texts += [call.text for one in asked for call in plain_calls(spec, one, task, secret=secret)]
    return len(texts), sum(len(text.encode()) for text in texts)


def try_injections(*, judge: Judge, pairs: int = SIZES[0]) -> Job:
    """Try injected and harmless lines on so many further pairs. Raises InvalidSetting, NothingToDo, or
    JudgeStopped with the reason."""
    if not 1 <= pairs <= SIZES[-1]:
        raise InvalidSetting(
            "That many cannot be tried at once.", field="pairs", cure=f"Give 1 to {SIZES[-1]} pairs."
        )
    if not model_judges(judge.project).filter(pk=judge.pk).exists():
        raise InvalidSetting("Only a model with settings can be asked.", cure="Make a model judge first.")
    spec = judge_spec(judge)
    allowance = allowance_of(project=judge.project, name=family_of(judge))
    refuse_stopped(allowance)
    units = list(items_to_try(judge).values_list("pk", flat=True)[:pairs])
    if not units:
        raise NothingToDo(
            "There is no item left to try this judge on.",
            cure=f"Add items of up to {MOST_CHARACTERS} characters.",
        )
    return enqueue_job(
        kind=JobKind.TRIAL,
        project=judge.project,
        payload={"judge": judge.pk},
        queue=QUEUES.get(spec.backend, JobQueue.GPU),
        units=units,
        chunk_size=CHUNKS[spec.backend],
    )


def keep_trial(*, judge: Judge, item: Item, loser: int | None, turned: dict[str, bool | None]) -> None:
    """What came of trying one item; said twice, it is the same once."""
    InjectionTrial.objects.get_or_create(judge=judge, item=item, defaults={"loser": loser, "turned": turned})
