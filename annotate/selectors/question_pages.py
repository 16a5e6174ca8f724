"""A project's questions as its lead reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from annotate.models import Project, Question
from annotate.questions.questionnaire import Questionnaire, Spec
from annotate.selectors.asked import asked_questions
from annotate.selectors.items import pairable_items
from annotate.selectors.question_changes import answer_counts
from annotate.selectors.questions import (
    questionnaire_of,
    questions_of,
    retired_questions,
    settle_rules_of,
    spec_of,
)

SAMPLE = ("The first response.", "The second response.")
MOST_SHOWN = 9


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question with how many judgments answer it."""

    question: Question
    spec: Spec
    answers: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class RulesTold:
    """Which question decides, and the rules between questions, in their own words where they have some."""

    verdict: Spec | None
    method: str
    rules: list[dict[str, Any]]


def question_rows(project: Project) -> list[QuestionRow]:
    """What is asked, in order."""
    asked = questions_of(project)
    answers = answer_counts(project, [one.key for one in asked])
    rules = settle_rules_of(project, questionnaire_of(project))
    return [QuestionRow(one, spec := spec_of(one), answers[one.key], rules.rule_for(spec)) for one in asked]


def retired_rows(project: Project) -> list[QuestionRow]:
    """What is asked no more, the latest first."""
    rows = retired_questions(project)
    answers = answer_counts(project, [one.key for one in rows])
    return [QuestionRow(one, spec_of(one), answers[one.key]) for one in rows]


def rules_told(project: Project) -> RulesTold:
    questionnaire = questionnaire_of(project)
    rules = settle_rules_of(project, questionnaire)
    words = {spec.key: spec.text for spec in questionnaire.specs}
    told = [
        {
            "compare": words[rule.compare],
            "with": words[rule.measure],
            "about": rule.attribute or rule.value,
            "effect": rule.effect,
            "strict": rule.strict,
            "better": rule.better,
            "message": rule.message,
        }
        for rule in questionnaire.rules
    ]
    return RulesTold(rules.verdict_spec(questionnaire), rules.name(questionnaire), told)


def asked_sample(project: Project, questionnaire: Questionnaire) -> dict[str, Any]:
    """The questions as an annotator sees them, about the project's first item or a made-up pair."""
    item = pairable_items(project).first()
    texts = [gettext(one) for one in SAMPLE]
    if item is not None:
        texts = list(item.candidates.order_by("position").values_list("text", flat=True)[:MOST_SHOWN])
    order = range(len(texts))
    return {"questions": asked_questions(questionnaire, order=order, texts=texts, given={})}
