"""Model judges as a lead sees them: what they are, how they do, and whether they may label alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Length

from annotate.enums import AssignmentState, JudgeKind, JudgmentState
from annotate.models import Allowance, Assignment, Candidate, Item, Judge, JudgeCall, Judgment, Project
from annotate.selectors.items import items_with, lone_items, pairable_items
from annotate.selectors.questions import questions_of, spec_of
from curation.enums import Target
from curation.models import JudgeCalibration, Route
from curation.prompts.asking import Subject, Task
from curation.prompts.spec import ANSWERS, JudgeSpec, spec_from
from curation.selectors.policies import current_policy
from curation.selectors.steering import LEAST_TRIED, Tried, too_steerable, tried_on

# Fewer pairs say too little about how often a judge turns.
LEAST_PAIRS = 20
LETTERS_IN_ALPHABET = 26
NOT_ALONE = "So it may not label alone: only where people judge as well."


@dataclass(frozen=True, slots=True)
class Standing:
    """How often a judge's verdict turned with the order and with injected lines, and what follows.
    ``alone``: it may label items that no person sees; ``reasons`` say why not, or what is not known yet, in a
    sentence each."""

    pairs: int
    flips: int
    unparseable: int
    tried: Tried
    alone: bool
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        return " ".join(self.reasons)

    @property
    def rate(self) -> float | None:
        return self.flips / self.pairs if self.pairs else None


def model_judges(project: Project) -> QuerySet[Judge]:
    """Models that can be asked, with what they did, the newest first. Judges from before there were settings
    cannot be asked again."""
    current = Q(assignments__judgments__state=JudgmentState.CURRENT)
    return (
        Judge.objects.filter(project=project, kind=JudgeKind.MODEL, recorded=False)
        .annotate(n_judgments=Count("assignments__judgments", filter=current))
        .order_by("-pk")
    )


def judge_spec(judge: Judge) -> JudgeSpec:
    """The settings a judge was made with; the defaults for one that was made without."""
    return spec_from(judge.settings.get("spec", {}))


def family_of(judge: Judge) -> str:
    """The name under which versions of one judge are kept together."""
    return judge.name


def standing_of(judge: Judge) -> Standing:
    made = Judgment.objects.filter(assignment__judge=judge)
    counted = made.aggregate(
        pairs=Count("pk", filter=Q(state=JudgmentState.CURRENT, raw__has_key="flipped")),
        flips=Count("pk", filter=Q(state=JudgmentState.CURRENT, raw__flipped=True)),
        unparseable=Count("pk", filter=Q(state=JudgmentState.UNPARSEABLE)),
    )
    tried = tried_on(judge)
    found = (_turns_too_often(judge, counted["pairs"], counted["flips"]), too_steerable(judge, tried))
    against = tuple(one for one in found if one)
    if against:
        return Standing(**counted, tried=tried, alone=False, reasons=(*against, NOT_ALONE))
    return Standing(**counted, tried=tried, alone=True, reasons=_unknown_of(counted["pairs"], tried))


def _turns_too_often(judge: Judge, pairs: int, flips: int) -> str:
    ceiling = judge.project.max_flip_rate
    if pairs < LEAST_PAIRS or flips <= ceiling * pairs:
        return ""
    return (
        f"Its verdict turned with the order in {flips} of {pairs} pairs ({flips / pairs:.0%}); this "
        f"project allows {ceiling:.0%}."
    )


def _unknown_of(pairs: int, tried: Tried) -> tuple[str, ...]:
    """What is not known yet about a judge that nothing speaks against."""
    unknown = []
    if pairs < LEAST_PAIRS:
        unknown.append(f"Known on {pairs} pairs only; {LEAST_PAIRS} are needed.")
    if tried.excess is None and tried.pairs:
        unknown.append(f"Tried with injections on {tried.pairs} pairs only; {LEAST_TRIED} are needed.")
    elif tried.excess is None:
        unknown.append("Not tried with injections yet.")
    return tuple(unknown)


def why_no_model_alone(project: Project) -> str:
    """Why no item may go to models only; "" while some model may label alone, or none has been tried."""
    known = [(judge, standing_of(judge)) for judge in model_judges(project)]
    standings = [
        (judge, standing)
        for judge, standing in known
        if judge.n_judgments or standing.tried.pairs  # type: ignore[attr-defined]  # counted with the query
    ]
    if not standings or any(standing.alone for _, standing in standings):
        return ""
    judge, standing = standings[0]
    return f"{judge.name}: {standing.why}"


def items_for(judge: Judge) -> QuerySet[Item]:
    """Items that the policy sends to models and this judge has not had; with people only, where it may not
    label alone. Single responses of a project that compares are sent by no policy: they are for every judge
    that may label alone and is asked about each response."""
    alone, spec = standing_of(judge).alone, judge_spec(judge)
    policy = current_policy(project=judge.project)
    if policy is None:
        return Item.objects.none()
    targets = [Target.BOTH, Target.MODEL] if alone else [Target.BOTH]
    routed = Route.objects.filter(item=OuterRef("pk"), policy=policy, target__in=targets)
    lone = Q(pk__in=lone_items(judge.project).values("pk")) if alone else Q(pk__in=[])
    had = Assignment.objects.filter(item=OuterRef("pk"), judge=judge, state=AssignmentState.DONE)
    asked = subjects_of(judge.project, spec).filter(Exists(routed) | lone)
    return asked.filter(~Exists(had.exclude(pk__in=grown_assignments(judge).values("pk"))))


def grown_assignments(judge: Judge) -> QuerySet[Assignment]:
    """What this judge answered about a single response that has another beside it by now: it is asked anew,
    and what it has replied about the first is in the log of calls."""
    done = Assignment.objects.filter(judge=judge, state=AssignmentState.DONE, order=[0])
    return done.filter(item__in=pairable_items(judge.project).values("pk"))


def subjects_of(project: Project, spec: JudgeSpec) -> QuerySet[Item]:
    """Items that such a judge can be asked about: pairs and more, and single responses where it rates or
    classes each. Who puts a number on each response has nothing to compare a single one with."""
    each = any(task.kind in ("rating", "choice") for task in tasks_for(project, spec))
    return items_with(project, candidates=1) if spec.asks_text and each else pairable_items(project)


def tasks_for(project: Project, spec: JudgeSpec) -> list[Task]:
    """The project's questions that this judge answers, as it may be asked them."""
    made = []
    for question in questions_of(project):
        if question.key not in spec.questions or question.kind not in ANSWERS[spec.backend]:
            continue
        options: Any = spec_of(question).options
        if question.kind == "preference":
            made.append(Task(question.key, "preference", question.text))
        elif question.kind == "ranking":
            made.append(Task(question.key, "ranking", question.text, ties=options.ties))
        elif question.kind == "rating":
            names = tuple(
                (one.value, f"{one.text} ({one.help})" if one.help else one.text)
                for one in options.attributes
            )
            made.append(
                Task(
                    question.key,
                    "rating",
                    question.text,
                    attributes=names,
                    low=options.low,
                    high=options.high,
                    na=options.na,
                    per_candidate=options.per_candidate,
                )
            )
        elif not options.multiple and len(options.options) <= LETTERS_IN_ALPHABET:
            listed = tuple((one.value, one.text) for one in options.options)
            made.append(
                Task(
                    question.key, "choice", question.text, options=listed, per_candidate=options.per_candidate
                )
            )
    return made


def askable_questions(project: Project, *, backend: str = "local") -> list[tuple[str, str]]:
    """Keys and words of the questions that this backend can be asked; the local model can be asked most."""
    return [
        (one.key, f"{one.key} ({one.get_kind_display().lower()})")
        for one in questions_of(project)
        if one.kind in ANSWERS.get(backend, ())
    ]


def subject_from(item: Item) -> Subject:
    """An item as judges see it: texts as stored, and its reference answer where the file brought one."""
    reference = item.meta.get("reference", "") if isinstance(item.meta, dict) else ""
    texts = [one.text for one in sorted(item.candidates.all(), key=lambda one: one.position)]
    return Subject(item.prompt, tuple(texts), reference if isinstance(reference, str) else "")


def fence_secret(project: Project) -> bytes:
    """Feeds the fences: the same project asks the same question in the same words."""
    return f"fence:{project.seed}:{project.slug}".encode()


def allowance_for(judge: Judge) -> Allowance | None:
    return Allowance.objects.filter(project_id=judge.project_id, name=family_of(judge)).first()


@dataclass(frozen=True, slots=True)
class CallTotals:
    """What a judge's calls came to; money in millionths."""

    calls: int
    tokens_in: int
    tokens_out: int
    price: int
    seconds: float


def call_totals(judge: Judge) -> CallTotals:
    found = JudgeCall.objects.filter(judge=judge).aggregate(
        calls=Count("pk"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out"), price=Sum("price"),
        seconds=Sum("seconds"),
    )  # fmt: skip
    return CallTotals(**{name: value or 0 for name, value in found.items()})


def latest_calls(judge: Judge) -> QuerySet[JudgeCall]:
    return JudgeCall.objects.filter(judge=judge).select_related("item").order_by("-made_at", "-pk")


def latest_calibration(judge: Judge) -> JudgeCalibration | None:
    return JudgeCalibration.objects.filter(judge=judge).order_by("-made_at", "-pk").first()


def average_length(items: QuerySet[Item]) -> float:
    """Characters of a candidate, on average, over at most a thousand of them."""
    lengths: Sequence[int] = list(
        Candidate.objects.filter(item__in=items.values("pk")[:500]).values_list(Length("text"), flat=True)[
            :1000
        ]
    )
    return sum(lengths) / len(lengths) if lengths else 0.0


def model_family(name: str) -> str:
    """The family in a model's name: its last part up to the first number or mark, in small letters. "" where
    there is none."""
    found = re.match(r"[a-z]+", name.rstrip("/").rpartition("/")[2].lower())
    return found[0] if found else ""


def kin_of(judge: Judge) -> list[str]:
    """Models that wrote candidates here and are of the judge's own family: it may favour them."""
    spec = judge_spec(judge)
    own = model_family(spec.model or judge.name)
    models = (
        Candidate.objects.filter(item__project_id=judge.project_id)
        .exclude(model="")
        .values_list("model", flat=True)
        .distinct()[:500]
    )
    return sorted(name for name in models if own and model_family(name) == own)
