"""Changing what a project asks. What was answered keeps its question: see ``annotate/questions/changes``."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotate.errors import StaleEdit
from annotate.models import Project, Question
from annotate.questions.presets import Preset
from annotate.questions.questionnaire import Spec
from annotate.selectors.question_changes import Plan, Proposal, plan_of


@transaction.atomic
def change_questions(*, project: Project, expected_version: int, proposal: Proposal) -> Plan:
    """Ask what is proposed, unless someone else changed the project since ``expected_version`` was read.

    Raises InvalidSetting where the questions do not fit together, and StaleEdit.
    """
    _claim(project, expected_version)
    plan = plan_of(project, proposal)
    for row, answers in plan.gone:
        if answers:
            Question.objects.filter(pk=row.pk).update(retired_at=timezone.now())
        else:
            row.delete()
    for position, step in enumerate(plan.steps):
        _write(project, step.row, step.spec, position)
    Project.objects.filter(pk=project.pk).update(consistency=plan.consistency, settling=plan.settling)
    project.refresh_from_db()
    return plan


@transaction.atomic
def ask_preset(*, project: Project, preset: Preset) -> None:
    """Let a project without questions ask a preset's, with its rules and as many people as it wants."""
    for position, question in enumerate(preset.questions):
        Question.objects.create(project=project, position=position, **question)
    project.consistency = [dict(rule) for rule in preset.consistency]
    project.settling = dict(preset.settling)
    project.save(update_fields=["consistency", "settling"])


@transaction.atomic
def follow_preset(*, project: Project, expected_version: int, preset: Preset, proposal: Proposal) -> Plan:
    """Ask a preset's questions instead, with as many people as it wants and its rule for asking more."""
    plan = change_questions(project=project, expected_version=expected_version, proposal=proposal)
    Project.objects.filter(pk=project.pk).update(
        overlap=preset.overlap, overlap_max=preset.overlap_max, flow=project.flow | dict(preset.flow)
    )
    project.refresh_from_db()
    return plan


def _claim(project: Project, expected_version: int) -> None:
    won = Project.objects.filter(pk=project.pk, settings_version=expected_version).update(
        settings_version=F("settings_version") + 1
    )
    if not won:
        raise StaleEdit("Someone else changed the questions meanwhile.")


def _write(project: Project, row: Question | None, spec: Spec, position: int) -> None:
    question = row or Question(project=project, key=spec.key)
    question.position, question.kind, question.text = position, spec.kind, spec.text
    question.required, question.options, question.retired_at = spec.required, spec.options_as_dict(), None
    question.save()
