"""What a change of the questions would do, told before it is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from django.db.models import Count, Q, QuerySet

from annotate.enums import ItemPurpose, JudgmentState
from annotate.models import Judgment, Project, Question
from annotate.questions import settle_rules
from annotate.questions.changes import free_key, means_the_same, rules_for, settling_for, waiting_for
from annotate.questions.presets import Preset
from annotate.questions.questionnaire import Questionnaire, Spec, put_together
from annotate.selectors.questions import questions_of, retired_questions, spec_of

What: TypeAlias = Literal["same", "changed", "apart", "new", "revived"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as it shall be asked. ``was``: the key of the question it changes, empty for a new one.
    ``anew``: its words ask something else, so that answers given so far must not count for it."""

    spec: Spec
    was: str = ""
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that a project shall ask, in order, with its rules."""

    questions: Sequence[Wanted]
    consistency: Sequence[Mapping[str, Any]]
    settling: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the plan. ``row``: the stored question that becomes it, if any; ``answers``: how many
    the old one has, which stay with it."""

    what: What
    spec: Spec
    row: Question | None = None
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """``steps`` in the order asked, ``gone`` what is asked no more with the answers it has. ``judgments``
    have been given on ``items``; ``extra`` of them would have to be given again for every new required
    question to be answered everywhere. ``rules_dropped`` go with the questions they are about."""

    steps: tuple[Step, ...]
    gone: tuple[tuple[Question, int], ...]
    consistency: list[dict[str, Any]]
    settling: dict[str, Any]
    judgments: int
    items: int
    extra: int
    rules_dropped: int = 0
    questionnaire: Questionnaire = field(default_factory=lambda: Questionnaire(()))

    @property
    def changes(self) -> bool:
        """Whether anything that was answered is touched: then the lead is asked to confirm."""
        apart = any(step.what == "apart" for step in self.steps)
        return apart or any(answers for _row, answers in self.gone) or bool(self.extra)


def plan_of(project: Project, proposal: Proposal) -> Plan:
    """How the project comes to ask what is proposed; raises InvalidSetting where that does not fit."""
    active = {one.key: one for one in questions_of(project)}
    retired = {one.key: one for one in retired_questions(project)}
    answers = answer_counts(project, [*active, *retired])
    steps: list[Step] = []
    renamed: dict[str, str] = {}
    # A question without answers leaves its key free when it goes.
    kept_keys = {wanted.was for wanted in proposal.questions} | {key for key in active if answers[key]}
    taken = set(retired) | (kept_keys & set(active))
    for wanted in proposal.questions:
        step = _step(wanted, active, retired, answers, taken)
        steps.append(step)
        taken.add(step.spec.key)
        renamed[wanted.was or wanted.spec.key] = step.spec.key
    steps = [replace(step, spec=waiting_for(step.spec, renamed)) for step in steps]
    keys = [step.spec.key for step in steps]
    consistency = rules_for(proposal.consistency, renamed, keys)
    settling = settling_for(proposal.settling, renamed, keys)
    questionnaire = put_together([step.spec for step in steps], consistency)
    settle_rules.parse(settling, questionnaire)
    kept = {step.row.key for step in steps if step.row is not None}
    judgments, items = judgment_counts(project)
    added = any(step.what in ("new", "apart") and step.spec.required for step in steps)
    return Plan(
        steps=tuple(steps),
        gone=tuple((row, answers[key]) for key, row in active.items() if key not in kept),
        consistency=consistency,
        settling=settling,
        judgments=judgments,
        items=items,
        extra=judgments if added else 0,
        rules_dropped=len(proposal.consistency) - len(consistency),
        questionnaire=questionnaire,
    )


def _step(
    wanted: Wanted,
    active: Mapping[str, Question],
    retired: Mapping[str, Question],
    answers: Mapping[str, int],
    taken: Collection[str],
) -> Step:
    spec, row = wanted.spec, active.get(wanted.was)
    if row is None:
        before = retired.get(spec.key)
        if before is not None and means_the_same(spec_of(before), spec):
            return Step("revived", spec, before, answers[spec.key])
        return Step("new", replace(spec, key=free_key(spec.key, taken)))
    old, given = spec_of(row), answers[row.key]
    if given and (wanted.anew or not means_the_same(old, spec)):
        return Step("apart", replace(spec, key=free_key(row.key, taken)), answers=given)
    spec = replace(spec, key=row.key)
    return Step("same" if old == spec else "changed", spec, row, given)


def answer_counts(project: Project, keys: Sequence[str]) -> dict[str, int]:
    """How many judgments that count answer each question."""
    counted = {f"n{place}": Count("pk", filter=Q(answers__has_key=key)) for place, key in enumerate(keys)}
    found = _work(project).aggregate(**counted) if counted else {}
    return {key: found[f"n{place}"] for place, key in enumerate(keys)}


def judgment_counts(project: Project) -> tuple[int, int]:
    """Judgments that count, and the items they are on."""
    current = _work(project)
    return current.count(), current.values("assignment__item_id").distinct().count()


def _work(project: Project) -> QuerySet[Judgment]:
    return Judgment.objects.filter(
        assignment__item__project=project,
        assignment__item__purpose=ItemPurpose.WORK,
        state=JudgmentState.CURRENT,
    )


def proposal_of(project: Project) -> Proposal:
    """What the project asks now."""
    asked = [Wanted(spec_of(row), was=row.key) for row in questions_of(project)]
    return Proposal(asked, project.consistency, project.settling)


def with_question(proposal: Proposal, wanted: Wanted) -> Proposal:
    """The question in the place of the one it changes, or at the end."""
    if any(one.was == wanted.was for one in proposal.questions if wanted.was):
        asked = [wanted if one.was == wanted.was else one for one in proposal.questions]
    else:
        asked = [*proposal.questions, wanted]
    return replace(proposal, questions=asked)


def without_question(proposal: Proposal, key: str) -> Proposal:
    return replace(proposal, questions=[one for one in proposal.questions if one.was != key])


def with_question_moved(proposal: Proposal, key: str, *, by: int) -> Proposal:
    """The question so many places further down, or up where ``by`` is negative."""
    asked = list(proposal.questions)
    here = next(place for place, one in enumerate(asked) if one.was == key)
    there = min(max(here + by, 0), len(asked) - 1)
    asked.insert(there, asked.pop(here))
    return replace(proposal, questions=asked)


def preset_proposal(project: Project, preset: Preset) -> Proposal:
    """A preset's questions in the place of the project's. One of the same key and kind follows the old."""
    now = {row.key: row.kind for row in questions_of(project)}
    asked = [
        Wanted(spec, was=spec.key if now.get(spec.key) == spec.kind else "")
        for spec in preset.questionnaire().specs
    ]
    return Proposal(asked, preset.consistency, preset.settling)
