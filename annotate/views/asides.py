"""Beside the verdict: a draft that is kept, a flag for the lead, guidelines that were read, a suggestion."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotate.access import access_assignment, access_project
from annotate.errors import InvalidAnswer, LeaseLost, NothingToDo
from annotate.forms import DraftForm, FlagForm, SentVerdict, sent_fields
from annotate.http import person, wants_fragment
from annotate.language import refusal
from annotate.selectors.desk import desk_item
from annotate.selectors.told import told_answer
from annotate.services.assignments import take_next
from annotate.services.drafts import save_draft
from annotate.services.flags import flag_assignment
from annotate.services.guidelines import note_reading
from annotate.services.suggesting import ask_for_suggestion
from annotate.views.desk import answer, besides, incomplete, lost, moved, project_at_desk, refused


@require_POST
def flag_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put the item before the lead and bring the next one."""
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = FlagForm(request.POST)
    if not form.is_valid():
        return refused(request, project, assignment, _("Choose what is wrong with this item."), status=422)
    try:
        flag_assignment(
            assignment=assignment,
            token=form.cleaned_data["lease_token"],
            reason=form.cleaned_data["flag_reason"],
            text=form.cleaned_data["flag_text"],
        )
    except InvalidAnswer as trouble:
        return refused(request, project, assignment, refusal(trouble), status=422)
    except LeaseLost as trouble:
        return lost(request, project, assignment, trouble)
    judge = assignment.judge
    ahead = take_next(project=project, judge=judge, besides=besides(request))
    return moved(request, project, judge, ahead, said=_("Flagged for the lead. Undo brings it back."))


@require_POST
def keep_draft(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep what the form holds so far; nothing is answered by it."""
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"kept": False}, status=422)
    try:
        save_draft(
            assignment=assignment,
            token=form.cleaned_data["lease_token"],
            digest=form.cleaned_data["digest"],
            fields=sent_fields(request.POST),
        )
    except InvalidAnswer:
        return JsonResponse({"kept": False}, status=422)
    except LeaseLost:
        return JsonResponse({"kept": False}, status=409)
    return JsonResponse({"kept": True})


@require_POST
def read_guideline(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Somebody has read this version; it is not put before them again."""
    project = access_project(user=request.user, slug=slug)
    note_reading(guideline=get_object_or_404(project.guidelines, pk=pk), user=person(request))
    return HttpResponse(status=204) if wants_fragment(request) else redirect("show_desk", project.slug)


@require_POST
def suggest(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """After the first answer: what a model would say, above the same form with what was sent."""
    project = project_at_desk(request, slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    sent = SentVerdict.read(request.POST)
    if sent is None:
        return incomplete(request, project, assignment)
    shown = desk_item(assignment=assignment, fields={})
    try:
        answers = sent.answers(shown.questionnaire, shown.texts)
        suggestion = ask_for_suggestion(
            assignment=assignment,
            token=sent.lease_token,
            first=shown.questionnaire.stored(shown.as_written(answers), assignment.order),
        )
    except LeaseLost as trouble:
        return lost(request, project, assignment, trouble)
    except (InvalidAnswer, NothingToDo) as trouble:
        return refused(request, project, assignment, refusal(trouble), status=422)
    words = _("There is no suggestion for this item.")
    if suggestion.preference is not None:
        said = told_answer("preference", suggestion.preference)
        words = _("A model would say: %(answer)s. Keep yours or change it.") % {"answer": said}
    return answer(request, project, assignment.judge, assignment, said=words, fields=sent.fields)
