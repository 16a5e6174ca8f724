"""The one door for answers: desk, API, import and model judges all come through here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from annotate.enums import JudgeKind
from annotate.errors import UnlikelyAnswer
from annotate.models import Assignment
from annotate.questions.questionnaire import Answered
from annotate.questions.subject import Subject, as_shown
from annotate.selectors.questions import questionnaire_of


def clean_answers(
    *,
    assignment: Assignment,
    answers: Mapping[str, Any],
    confirmed: bool,
    only: Collection[str] | None = None,
) -> Answered:
    """The answers as they are stored, about the candidates as stored. With ``only``, nothing else was asked.

    Raises InvalidAnswer naming the question and the cure; and UnlikelyAnswer where they break a rule that
    only warns, unless the judge confirmed that they are meant so.
    """
    questionnaire = questionnaire_of(assignment.item.project)
    if only is not None:
        asked = [replace(one, when=None) for one in questionnaire.specs if one.key in only]
        questionnaire = replace(questionnaire, specs=tuple(asked), rules=())
    found = questionnaire.clean(
        answers,
        subject_of(assignment, with_texts=questionnaire.reads_texts),
        # A model judge answers what its template asks; every answer it gives is held to the same rules.
        all_required=assignment.judge.kind != JudgeKind.MODEL,
    )
    if found.warnings and not confirmed:
        first = found.warnings[0]
        raise UnlikelyAnswer(first.message, field=first.field)
    return found


def subject_of(assignment: Assignment, *, with_texts: bool) -> Subject:
    """The candidates that were shown, under the letters of the page."""
    texts = {one.position: one.text for one in assignment.item.candidates.all()} if with_texts else {}
    return as_shown(assignment.order, texts)
