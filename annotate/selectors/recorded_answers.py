"""Whether the judgments of an imported row answer what the project asks."""

from __future__ import annotations

from annotate.enums import JudgeKind
from annotate.errors import InvalidAnswer
from annotate.questions.questionnaire import Questionnaire
from annotate.questions.subject import Subject
from annotate.readers.rows import Defect, ItemRow


def misfit(row: ItemRow, questionnaire: Questionnaire) -> Defect | None:
    """The first answer of the row that does not fit, with its line, field and cure; None where all do.

    Answers to questions the project does not ask are no fault: they are kept beside the judgment.
    """
    asked = {spec.key for spec in questionnaire.specs}
    about = Subject(
        tuple(range(len(row.candidates))), {place: one.text for place, one in enumerate(row.candidates)}
    )
    for place, judgment in enumerate(row.judgments):
        if judgment.unparseable:
            continue
        answers = {key: value for key, value in judgment.answers.items() if key in asked}
        try:
            questionnaire.clean(answers, about, all_required=judgment.kind != JudgeKind.MODEL)
        except InvalidAnswer as refusal:
            return Defect(
                line=row.line,
                line_end=row.line,
                record=row.record,
                field=f"judgments[{place}].answers.{refusal.field}".rstrip(".")[:200],
                code="bad_answer",
                message=refusal.message,
                cure=refusal.cure,
            )
    return None
