"""Stage 5 for models: make judges, say what asking them may cost, and ask them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotate.enums import JobKind, JobQueue, JudgeKind
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Item, Job, Judge, Project
from annotate.selectors.items import pairable_items
from annotate.selectors.questions import questions_of
from annotate.services.allowances import allowance_of, price_of, refuse_stopped
from annotate.services.jobs import enqueue_job
from annotate.services.judges import model_judge
from curation.prompts.asking import Call, Subject, calls_for
from curation.prompts.canaries import CANARIES
from curation.prompts.spec import BadSpec, JudgeSpec, spec_from
from curation.selectors.judging import (
    askable_questions,
    family_of,
    fence_secret,
    items_for,
    judge_spec,
    model_judges,
    standing_of,
    subject_from,
    subjects_of,
    tasks_for,
)
from curation.selectors.policies import current_policy

LOCAL_NAME = "SmolLM2-135M-Instruct"
# About a minute of work: two forward passes take some tenths of a second on a CPU, an endpoint seconds.
CHUNKS = {"local": 16, "endpoint": 16, "reward": 16, "strength": 5000}
QUEUES = {"endpoint": JobQueue.JUDGE, "strength": JobQueue.CPU}
# What one reply may hold at most.
REPLY_TOKENS = {"letter": 12, "json": 300}
SAMPLE_FOR_ESTIMATE = 20
WHY_NOT = {
    "reward": "a reward says which response is better, and nothing else about it",
    "strength": (
        "it is trained on pairs to say which of the two is better, which gives a single response no place on "
        "a scale"
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One call of a preview. ``order``: the stored positions in the order shown."""

    question: str
    part: str
    order: str
    text: str
    labels: str
    opening: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a judge would be asked about one item. ``digest`` names settings and wording together; ``count``:
    calls in all, of which ``calls`` shows the first of each sort."""

    digest: str
    item: str
    count: int
    calls: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What asking will come to. ``price_at_most`` is in millionths, and is what caps are held against."""

    items: int
    calls: int
    tokens_in: int
    price_at_most: int
    left: int | None


def checked_spec(*, project: Project, name: str, given: dict[str, Any]) -> JudgeSpec:
    """The settings, if this project can have such a judge; where no question is named, it is asked all of the
    project's that it can answer. Raises InvalidSetting."""
    if not 0 < len(name.strip()) <= 120:
        raise InvalidSetting("A judge needs a name.", field="name", cure="Up to 120 characters.")
    backend = str(given.get("backend", JudgeSpec().backend))
    can = [key for key, _words in askable_questions(project, backend=backend)]
    if not can and backend in WHY_NOT:
        raise InvalidSetting(
            f"This judge can answer none of the project's questions: {WHY_NOT[backend]}.",
            field="questions",
            cure="Choose another judge, or ask which of two responses is better.",
        )
    try:
        spec = spec_from({"questions": can} | given)
    except (BadSpec, TypeError) as trouble:
        field, cure = getattr(trouble, "field", ""), getattr(trouble, "cure", "Look at the settings again.")
        raise InvalidSetting(str(trouble), field=field, cure=cure) from trouble
    known = {question.key for question in questions_of(project)}
    missing = sorted(set(spec.questions) - known)
    if missing:
        raise InvalidSetting(
            f"The project asks no question {missing[0]}.",
            field="questions",
            cure=f"It asks {', '.join(sorted(known))}.",
        )
    beyond = sorted(set(spec.questions) - set(can))
    if beyond:
        why = WHY_NOT.get(spec.backend, "no model is asked that yet")
        raise InvalidSetting(
            f"This judge cannot answer {beyond[0]}: {why}.",
            field="questions",
            cure=f"Leave only {', '.join(can)}." if can else "Choose another judge.",
        )
    return spec


def preview_judge(*, project: Project, name: str, given: dict[str, Any]) -> Preview:
    """What these settings would ask about the project's first pair, or a control pair where there is none."""
    spec = checked_spec(project=project, name=name, given=given)
    subjects = subjects_of(project, spec).prefetch_related("candidates")
    item = subjects.filter(pk__in=pairable_items(project).values("pk")).first() or subjects.first()
    if item is not None:
        subject, words = subject_from(item), item.external_id
    else:
        control = CANARIES[0]
        subject = Subject([{"role": "user", "content": control.prompt}], (control.good, control.bad))
        words = "a control pair, for the project has no pair yet"
    calls = (
        calls_for(spec, subject, tasks_for(project, spec), secret=fence_secret(project))
        if spec.asks_text
        else []
    )
    sorts = {(call.question, call.part, call.shown): call for call in reversed(calls)}
    firsts = [call for call in calls if sorts[call.question, call.part, call.shown] is call]
    return Preview(spec.digest, words, len(calls), tuple(_shown(spec, call) for call in firsts[:8]))


def _shown(spec: JudgeSpec, call: Call) -> Shown:
    order = " then ".join(str(place + 1) for place in call.shown)
    return Shown(
        question=call.question,
        part=call.part,
        order=f"candidate {order}" if order else "",
        text=call.text,
        labels=", ".join(call.labels),
        opening=call.opening if spec.backend == "local" else "",
    )


@transaction.atomic
def save_judge(*, project: Project, name: str, given: dict[str, Any]) -> Judge:
    """The judge of that name with these settings: the version there is, or the next one.

    Nothing about a version that exists is ever changed. Raises InvalidSetting.
    """
    spec, name = checked_spec(project=project, name=name, given=given), name.strip()
    Project.objects.select_for_update().get(pk=project.pk)
    versions = list(model_judges(project).filter(name=name))
    for judge in versions:
        if judge.settings.get("digest") == spec.digest:
            return judge
    allowance_of(project=project, name=name)
    settings = {"spec": spec.as_dict(), "digest": spec.digest, "template": spec.template_hash}
    version = f"v{len(versions) + 1}-{spec.digest[:12]}"
    return model_judge(project=project, name=name, version=version, settings=settings)


def local_judge(*, project: Project) -> Judge:
    """The packaged model with our template, made at the first wish."""
    return save_judge(project=project, name=LOCAL_NAME, given={"backend": "local"})


def estimate(*, judge: Judge, limit: int | None = None) -> Estimate:
    """Calls, tokens and the most it may cost to ask this judge about everything that waits for it."""
    waiting = items_for(judge)
    total = waiting.count() if limit is None else min(waiting.count(), limit)
    spec, allowance = judge_spec(judge), allowance_of(project=judge.project, name=family_of(judge))
    sample = list(waiting.prefetch_related("candidates")[:SAMPLE_FOR_ESTIMATE])
    calls, characters = _sampled(judge, spec, sample)
    each = REPLY_TOKENS[spec.reply] if spec.asks_text else 0
    per_item = total / len(sample) if sample else 0.0
    n_calls, tokens = round(calls * per_item), round(characters / 4 * per_item)
    most = price_of(allowance, tokens_in=round(characters * per_item), tokens_out=n_calls * each)
    cap = allowance.spend_cap
    left = None if cap is None else max(cap - allowance.spent - allowance.reserved, 0)
    return Estimate(total, n_calls, tokens, most if spec.backend == "endpoint" else 0, left)


def _sampled(judge: Judge, spec: JudgeSpec, sample: list[Item]) -> tuple[int, int]:
    if not spec.asks_text:
        return 2 * len(sample), 0
    tasks, secret = tasks_for(judge.project, spec), fence_secret(judge.project)
    made = [call for item in sample for call in calls_for(spec, subject_from(item), tasks, secret=secret)]
    return len(made), sum(len(call.text.encode()) for call in made)


def ask_judge(*, judge: Judge, limit: int | None = None) -> Job:
    """Ask a judge about every item that waits for it. Raises NothingToDo, or JudgeStopped with the reason."""
    if judge.kind != JudgeKind.MODEL or judge.recorded:
        raise InvalidSetting("Only a model with settings can be asked.", cure="Make a model judge first.")
    allowance = allowance_of(project=judge.project, name=family_of(judge))
    refuse_stopped(allowance)
    units = list(items_for(judge).values_list("pk", flat=True)[:limit])
    if not units:
        raise NothingToDo(*_nothing(judge))
    spec = judge_spec(judge)
    return enqueue_job(
        kind=JobKind.JUDGE,
        project=judge.project,
        payload={"judge": judge.pk},
        queue=QUEUES.get(spec.backend, JobQueue.GPU),
        units=units,
        chunk_size=CHUNKS[spec.backend],
    )


def _nothing(judge: Judge) -> tuple[str]:
    standing = standing_of(judge)
    if current_policy(project=judge.project) is None:
        return ("No item is routed yet, so no model is to be asked. Route items first.",)
    if not standing.alone:
        return (f"No item is left for this judge. {standing.why}",)
    return ("No item is waiting for this judge. Route more items to models, or add items.",)


def ask_local_judge(*, project: Project) -> Job:
    """Ask the packaged model about everything routed to models that it has not answered."""
    return ask_judge(judge=local_judge(project=project))
