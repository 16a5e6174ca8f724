"""The desk: one item, two responses, one verdict. Looking writes nothing; taking an item is a POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotate.access import access_assignment, access_project
from annotate.errors import InvalidAnswer, KeyReused, LeaseLost, WinnowError
from annotate.forms import SkipForm, VerdictForm
from annotate.http import person, wants_fragment
from annotate.keys import content_key
from annotate.models import Assignment, Judge, Project
from annotate.selectors.desk import desk_guideline, desk_item, desk_progress, held_assignment, person_judge
from annotate.services.assignments import renew_lease, skip_assignment, take_next, undo_last
from annotate.services.judges import judge_of
from annotate.services.judgments import record_judgment
from annotate.services.orientation import answers_as_stored
from annotate.services.submissions import submit_once


@require_safe
def show_desk(request: HttpRequest, slug: str) -> HttpResponse:
    """The page: what the judge holds now, or where to begin."""
    project = access_project(user=request.user, slug=slug)
    judge = person_judge(project=project, user_id=person(request).pk)
    return answer(request, project, judge, held_assignment(judge=judge), whole=True)


@require_POST
def next_item(request: HttpRequest, slug: str) -> HttpResponse:
    project = access_project(user=request.user, slug=slug)
    judge = judge_of(project=project, user=person(request))
    return moved(request, project, judge, take_next(project=project, judge=judge))


@require_POST
def submit_verdict(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Record the verdict and bring the next item in the same round trip."""
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return refused(request, project, assignment, "This form is incomplete. Reload the page.", status=422)
    try:
        record_once(request, assignment, form)
    except InvalidAnswer as trouble:
        return refused(request, project, assignment, f"{trouble.message} {trouble.cure}", status=422)
    except (LeaseLost, KeyReused) as trouble:
        return lost(request, project, assignment, trouble)
    return moved(
        request, project, assignment.judge, take_next(project=project, judge=assignment.judge), said="Saved."
    )


def record_once(request: HttpRequest, assignment: Assignment, form: VerdictForm) -> None:
    """Store the answer under its key; what the form showed must be what the item is."""
    given = form.cleaned_data
    if desk_item(assignment=assignment).digest != given["digest"]:
        raise LeaseLost("The page showed another version of this item.")
    answers = form.answers()

    def act() -> tuple[int, dict[str, Any]]:
        judgment = record_judgment(
            assignment=assignment,
            token=given["lease_token"],
            answers=answers_as_stored(answers, order=assignment.order),
            seconds=given["seconds"],
        )
        return 200, {"judgment": judgment.pk}

    digest = content_key(assignment.pk, str(given["lease_token"]), answers)
    submit_once(user=person(request), key=given["submission_key"], digest=digest, act=act)


@require_POST
def skip_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return refused(request, project, assignment, "This form is incomplete. Reload the page.", status=422)
    try:
        skip_assignment(
            assignment=assignment, token=form.cleaned_data["lease_token"], reason=form.cleaned_data["reason"]
        )
    except LeaseLost as trouble:
        return lost(request, project, assignment, trouble)
    next_one = take_next(project=project, judge=assignment.judge)
    return moved(request, project, assignment.judge, next_one, said="Skipped. Undo brings it back.")


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    project = access_project(user=request.user, slug=slug)
    judge = judge_of(project=project, user=person(request))
    try:
        opened = undo_last(project=project, judge=judge)
    except LeaseLost as trouble:
        return answer(request, project, judge, held_assignment(judge=judge), said=trouble.message, status=409)
    said = "Opened again: change it or submit it as it was." if opened else "There is nothing to undo."
    return moved(request, project, judge, opened or held_assignment(judge=judge), said=said)


@require_POST
def heartbeat(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep the item for who still reads it."""
    project = access_project(user=request.user, slug=slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"held": False}, status=422)
    try:
        renewed = renew_lease(assignment=assignment, token=form.cleaned_data["lease_token"])
    except LeaseLost:
        return JsonResponse({"held": False}, status=409)
    return JsonResponse({"held": True, "until": renewed.leased_until})


def moved(
    request: HttpRequest, project: Project, judge: Judge, assignment: Assignment | None, *, said: str = ""
) -> HttpResponse:
    """After a POST: the fragment for a script, a redirect to the page without one."""
    if not wants_fragment(request):
        if said:
            messages.info(request, said)
        return redirect("show_desk", project.slug)
    return answer(request, project, judge, assignment, said=said, begun=True)


def refused(
    request: HttpRequest, project: Project, assignment: Assignment, words: str, *, status: int
) -> HttpResponse:
    """The same item again with what was sent still in the form."""
    return answer(
        request, project, assignment.judge, assignment, said=words, status=status, given=request.POST.dict()
    )


def lost(request: HttpRequest, project: Project, assignment: Assignment, why: WinnowError) -> HttpResponse:
    """The item is not the judge's any more: say so, and keep every word they wrote."""
    written = [value for name, value in request.POST.items() if name.startswith("answer_") and value]
    context = frame(project, assignment.judge, None) | {"lost": why, "written": written}
    return show(request, context, status=409)


def answer(
    request: HttpRequest,
    project: Project,
    judge: Judge | None,
    assignment: Assignment | None,
    *,
    said: str = "",
    status: int = 200,
    given: Mapping[str, str] | None = None,
    begun: bool = False,
    whole: bool = False,
) -> HttpResponse:
    context = frame(project, judge, assignment) | {"said": said, "begun": begun}
    if assignment is not None:
        context["shown"] = desk_item(assignment=assignment, answers=given)
    return show(request, context, status=status, whole=whole)


def frame(project: Project, judge: Judge | None, assignment: Assignment | None) -> dict[str, Any]:
    progress = desk_progress(project=project, judge=judge)
    return {
        "project": project,
        "progress": progress,
        "total": progress.done + progress.skipped + progress.left,
        "place": progress.done + progress.skipped + 1,
        "guideline": desk_guideline(project=project, assignment=assignment),
    }


def show(
    request: HttpRequest, context: dict[str, Any], *, status: int = 200, whole: bool = False
) -> HttpResponse:
    fragment = wants_fragment(request) and not whole
    template = "annotate/_desk.html" if fragment else "annotate/desk.html"
    return render(request, template, context, status=status)
