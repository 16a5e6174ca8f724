"""One's own work: how far, what was answered, and changing an answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from annotate.access import access_assignment, access_project
from annotate.errors import InvalidAnswer, StaleEdit, UnlikelyAnswer
from annotate.forms import RevisionForm, sent_fields
from annotate.http import person
from annotate.language import refusal
from annotate.models import Assignment, Judgment
from annotate.selectors.desk import answered_item, desk_item, person_judge
from annotate.selectors.guidelines import current_guideline
from annotate.selectors.mine import (
    current_judgment,
    earlier_revisions,
    feedback_on,
    my_progress,
    past_answers,
)
from annotate.services.judgments import revise_judgment

PAGE = 30


@require_safe
def show_mine(request: HttpRequest, slug: str) -> HttpResponse:
    project = access_project(user=request.user, slug=slug)
    judge = person_judge(project=project, user_id=person(request).pk)
    asked = request.GET.get("page", "0")
    number = min(int(asked), 100_000) if asked.isdecimal() and len(asked) < 7 else 0
    rows, more = past_answers(project, judge, page=number, size=PAGE) if judge else ([], False)
    context = {
        "project": project,
        "mine": my_progress(judge, at=timezone.now()) if judge else None,
        "rows": rows,
        "newer_url": f"?page={number - 1}" if number else "",
        "older_url": f"?page={number + 1}" if more else "",
    }
    return render(request, "annotate/mine.html", context)


@require_http_methods(["GET", "POST"])
def show_answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """An answer of one's own as it was given, for reading and for changing: a change is a new revision."""
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    judgment = current_judgment(assignment)
    if judgment is None:
        return redirect("show_desk", project.slug)
    if request.method == "POST":
        return revise(request, assignment, judgment)
    return drawn(request, assignment, judgment)


def revise(request: HttpRequest, assignment: Assignment, judgment: Judgment) -> HttpResponse:
    form = RevisionForm(request.POST)
    if not form.is_valid():
        return drawn(request, assignment, judgment, trouble=gettext("Load the page again."), status=422)
    shown = desk_item(assignment=assignment, fields={})
    try:
        answers = form.answers(shown.questionnaire, shown.texts)
        revise_judgment(
            assignment=assignment,
            expected_revision=form.cleaned_data["revision"],
            answers=shown.questionnaire.stored(shown.as_written(answers), assignment.order),
            seconds=form.cleaned_data["seconds"],
            confirmed=form.cleaned_data["confirmed"],
        )
    except UnlikelyAnswer as trouble:
        words = refusal(trouble)
        return drawn(request, assignment, judgment, trouble=words, status=422, unlikely=True)
    except InvalidAnswer as trouble:
        words = refusal(trouble)
        return drawn(request, assignment, judgment, trouble=words, status=422)
    except StaleEdit as trouble:
        return drawn(request, assignment, judgment, trouble=refusal(trouble), status=412)
    messages.success(request, gettext("Your answer is changed. The one before is kept."), extra_tags="good")
    return redirect("show_mine", assignment.item.project.slug)


def drawn(
    request: HttpRequest,
    assignment: Assignment,
    judgment: Judgment,
    *,
    trouble: str = "",
    status: int = 200,
    unlikely: bool = False,
) -> HttpResponse:
    if request.method == "POST":
        shown = desk_item(assignment=assignment, fields=sent_fields(request.POST))
    else:
        shown = answered_item(assignment=assignment, answers=judgment.answers)
    project = assignment.item.project
    context = {
        "project": project,
        "shown": shown,
        "judgment": judgment,
        "earlier": earlier_revisions(assignment),
        "guideline": current_guideline(project_id=project.pk),
        "feedback": feedback_on(assignment),
        "trouble": trouble,
        "unlikely": unlikely,
    }
    return render(request, "annotate/answer.html", context, status=status)
