"""A project's questions, from their rows to what can check an answer."""

from __future__ import annotations

import json
from functools import lru_cache

from django.db.models import BigAutoField

from annotate.enums import QuestionKind
from annotate.models import Project, Question
from annotate.prepared import Prepared, keep_related
from annotate.questions import settle_rules
from annotate.questions.questionnaire import Questionnaire, Spec, parse_question, put_together
from annotate.questions.rightness import is_checkable
from annotate.questions.settle_rules import SettleRules

_QUESTIONS = Prepared(lambda project: Question.objects.filter(project=project), project=BigAutoField())


def fetch_questions(project: Project) -> None:
    """Have the questions at hand, for this request."""
    keep_related(project, "questions", _QUESTIONS.rows(project=project.pk))


def questions_of(project: Project) -> list[Question]:
    """What the project asks, in order. Sorted here, so that questions fetched before are used as they are."""
    asked = [one for one in project.questions.all() if one.retired_at is None]
    return sorted(asked, key=lambda one: (one.position, one.pk))


def retired_questions(project: Project) -> list[Question]:
    """What was asked once and has answers, the latest first."""
    return list(project.questions.exclude(retired_at=None).order_by("-retired_at", "-pk"))


def spec_of(question: Question) -> Spec:
    return parse_question(
        key=question.key,
        kind=question.kind,
        text=question.text,
        options=question.options,
        required=question.required,
    )


def questionnaire_of(project: Project) -> Questionnaire:
    """The questions parsed. Every answer needs them, so the same rows give the same object."""
    fetched = getattr(project, "_prefetched_objects_cache", {}).get("questions")
    known: tuple[object, Questionnaire] | None = project.__dict__.get("_questionnaire")
    if known is not None and known[0] is fetched:
        return known[1]
    rows = [[one.key, one.kind, one.text, one.options, one.required] for one in questions_of(project)]
    questionnaire = _questionnaire(json.dumps([rows, project.consistency]))
    if fetched is not None:
        project.__dict__["_questionnaire"] = fetched, questionnaire
    return questionnaire


@lru_cache(maxsize=256)
def _questionnaire(kept: str) -> Questionnaire:
    rows, rules = json.loads(kept)
    specs = [
        parse_question(key=key, kind=kind, text=text, options=options, required=required)
        for key, kind, text, options, required in rows
    ]
    return put_together(specs, rules)


def settle_rules_of(project: Project, questionnaire: Questionnaire) -> SettleRules:
    return settle_rules.parse(project.settling, questionnaire)


def main_key(project: Project) -> str:
    """The key of the comparison that pairs are made from; empty where none is asked."""
    keys = [one.key for one in preferences_of(project)]
    named = project.settling.get("verdict", "")
    return named if named in keys else next(iter(keys), "")


def telling_question(project: Project) -> Spec | None:
    """The question whose answers say how somebody judges: that of the verdict, or else the first that can be
    compared between two answers."""
    questionnaire = questionnaire_of(project)
    verdict = settle_rules_of(project, questionnaire).verdict_spec(questionnaire)
    checkable = (spec for spec in questionnaire.specs if is_checkable(spec.options))
    return verdict or next(checkable, None)


def compares_responses(project: Project) -> bool:
    """Whether a question needs two responses to be answered."""
    return any(one.kind in (QuestionKind.PREFERENCE, QuestionKind.RANKING) for one in questions_of(project))


def preferences_of(project: Project) -> list[Question]:
    """All questions that compare two responses, in order."""
    return [one for one in questions_of(project) if one.kind == QuestionKind.PREFERENCE]
