"""The desk: one item, two responses, one verdict. Looking writes nothing; taking an item is a POST."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotate.access import access_assignment, access_project
from annotate.enums import FlagReason, SkipReason
from annotate.errors import InvalidAnswer, KeyReused, LeaseLost, UnlikelyAnswer, WinnowError
from annotate.forms import SentVerdict, SkipForm, sent_fields
from annotate.http import person, wants_fragment
from annotate.keys import content_key
from annotate.language import refusal
from annotate.models import Assignment, Judge, Project
from annotate.questions.kind import Fields
from annotate.selectors.desk import (
    desk_guideline,
    desk_item,
    desk_progress,
    held_assignment,
    person_judge,
    written_words,
)
from annotate.selectors.guidelines import is_unread
from annotate.selectors.keyboards import own_keys
from annotate.selectors.mine import feedback_on
from annotate.selectors.questions import fetch_questions
from annotate.services.assignments import renew_lease, skip_assignment, take_next, undo_last
from annotate.services.judges import judge_of
from annotate.services.judgments import record_judgment
from annotate.services.moving_on import Record, answer_and_take
from annotate.services.submissions import submit_once
from annotate.views.desk_words import page_words

# Their words are told in the reader's language when they are drawn.
FLAG_REASONS, SKIP_REASONS = FlagReason.choices, SkipReason.choices


def project_at_desk(request: HttpRequest, slug: str) -> Project:
    """The project with its questions, which every answer and every item needs."""
    project = access_project(user=request.user, slug=slug)
    fetch_questions(project)
    return project


@never_cache
@require_safe
def show_desk(request: HttpRequest, slug: str) -> HttpResponse:
    """The page: what the judge holds now, or where to begin."""
    project = project_at_desk(request, slug)
    judge = person_judge(project=project, user_id=person(request).pk)
    return answer(request, project, judge, held_assignment(judge=judge), whole=True)


@require_POST
def next_item(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_at_desk(request, slug)
    judge = judge_of(project=project, user=person(request))
    ahead = take_next(project=project, judge=judge, besides=besides(request))
    return moved(request, project, judge, ahead)


@require_POST
def submit_verdict(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Record the verdict and bring the next item in the same round trip."""
    project = project_at_desk(request, slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    sent = SentVerdict.read(request.POST)
    if sent is None:
        return incomplete(request, project, assignment)
    try:
        record = recording(request, assignment, sent)
        ahead = answer_and_take(assignment=assignment, record=record, besides=besides(request))
    except InvalidAnswer as trouble:
        return refused(request, project, assignment, refusal(trouble), status=422)
    except UnlikelyAnswer as trouble:
        words = refusal(trouble)
        return refused(request, project, assignment, words, status=422, unlikely=True)
    except (LeaseLost, KeyReused) as trouble:
        return lost(request, project, assignment, trouble)
    said = feedback_words(assignment) or _("Saved.")
    return moved(request, project, assignment.judge, ahead, said=said)


def feedback_words(assignment: Assignment) -> str:
    """How they did on an item whose answer is known, where the project tells them."""
    feedback = feedback_on(assignment)
    if feedback is None:
        return ""
    agrees = _("Saved. The answer to this one is known, and yours agrees with it.")
    differs = _("Saved. The answer to this one is known, and yours differs from it.")
    return f"{agrees if feedback.right else differs} {feedback.explanation}".strip()


def recording(request: HttpRequest, assignment: Assignment, sent: SentVerdict) -> Record:
    """What stores the answer under its key; what the form showed must be what the item is. All that needs no
    lock is read here, and once however often it is tried."""
    shown = desk_item(assignment=assignment, fields={})
    if shown.digest != sent.digest:
        raise LeaseLost("The page showed another version of this item.")
    answers = sent.answers(shown.questionnaire, shown.texts)

    def act() -> tuple[int, dict[str, Any]]:
        judgment = record_judgment(
            assignment=assignment,
            token=sent.lease_token,
            answers=shown.questionnaire.stored(shown.as_written(answers), assignment.order),
            seconds=sent.seconds,
            confirmed=sent.confirmed,
        )
        return 200, {"judgment": judgment.pk}

    digest = content_key(assignment.pk, str(sent.lease_token), answers)
    return partial(submit_once, user=person(request), key=sent.submission_key, digest=digest, act=act)


@require_POST
def skip_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = project_at_desk(request, slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return incomplete(request, project, assignment)
    try:
        skip_assignment(
            assignment=assignment, token=form.cleaned_data["lease_token"], reason=form.cleaned_data["reason"]
        )
    except LeaseLost as trouble:
        return lost(request, project, assignment, trouble)
    judge = assignment.judge
    ahead = take_next(project=project, judge=judge, besides=besides(request))
    return moved(request, project, judge, ahead, said=_("Skipped. Undo brings it back."))


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_at_desk(request, slug)
    judge = judge_of(project=project, user=person(request))
    try:
        opened = undo_last(project=project, judge=judge)
    except LeaseLost as trouble:
        return answer(
            request, project, judge, held_assignment(judge=judge), said=refusal(trouble), status=409
        )
    said = _("Opened again: change it or submit it as it was.") if opened else _("There is nothing to undo.")
    return moved(request, project, judge, opened or held_assignment(judge=judge), said=said)


@require_POST
def heartbeat(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep the item for who still reads it."""
    project = project_at_desk(request, slug)
    assignment = access_assignment(user=request.user, project=project, pk=pk)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"held": False}, status=422)
    try:
        renew_lease(assignment=assignment, token=form.cleaned_data["lease_token"])
    except LeaseLost:
        return JsonResponse({"held": False}, status=409)
    # How long is told as a span: the reader's clock may be set to anything.
    return JsonResponse({"held": True, "seconds": project.lease_minutes * 60})


def besides(request: HttpRequest) -> list[int]:
    """The assignments that the page has before it already: it asks for another one."""
    return [int(pk) for pk in request.POST.getlist("besides")[:10] if pk.isdecimal()]


def moved(
    request: HttpRequest, project: Project, judge: Judge, assignment: Assignment | None, *, said: str = ""
) -> HttpResponse:
    """After a POST: the fragment for a script, a redirect to the page without one."""
    if not wants_fragment(request):
        if said:
            messages.info(request, said)
        return redirect("show_desk", project.slug)
    if assignment is None and besides(request):
        # The page shows an item that was fetched ahead, and there is none after it yet.
        return HttpResponse(status=204, headers={"X-Winnow-Said": quote(said)})
    return answer(request, project, judge, assignment, said=said, begun=True)


def incomplete(request: HttpRequest, project: Project, assignment: Assignment) -> HttpResponse:
    """A form that no page of ours sends."""
    words = _("This form is incomplete. Reload the page.")
    return refused(request, project, assignment, words, status=422)


def refused(
    request: HttpRequest,
    project: Project,
    assignment: Assignment,
    words: str,
    *,
    status: int,
    unlikely: bool = False,
) -> HttpResponse:
    """The same item again with what was sent still in the form; ``unlikely``: sending it again keeps it."""
    fields = sent_fields(request.POST)
    return answer(
        request,
        project,
        assignment.judge,
        assignment,
        said=words,
        status=status,
        fields=fields,
        unlikely=unlikely,
    )


def lost(request: HttpRequest, project: Project, assignment: Assignment, why: WinnowError) -> HttpResponse:
    """The item is not the judge's any more: say so, and keep every word they wrote."""
    written = written_words(project, sent_fields(request.POST))
    context = frame(project, assignment.judge, None) | {"lost": refusal(why), "written": written}
    return show(request, context, status=409)


def answer(
    request: HttpRequest,
    project: Project,
    judge: Judge | None,
    assignment: Assignment | None,
    *,
    said: str = "",
    status: int = 200,
    fields: Fields | None = None,
    unlikely: bool = False,
    begun: bool = False,
    whole: bool = False,
) -> HttpResponse:
    context = frame(project, judge, assignment) | {"said": said, "begun": begun, "unlikely": unlikely}
    context["trouble"] = said if status == 422 else ""
    context["place"] += len(besides(request))
    if assignment is not None:
        context["shown"] = desk_item(assignment=assignment, fields=fields)
    return show(request, context, status=status, whole=whole)


def frame(project: Project, judge: Judge | None, assignment: Assignment | None) -> dict[str, Any]:
    progress = desk_progress(project=project, judge=judge, at_rest=assignment is None)
    guideline = desk_guideline(project=project, assignment=assignment)
    return {
        "project": project,
        "progress": progress,
        "total": progress.done + progress.skipped + progress.left,
        "place": progress.done + progress.skipped + 1,
        "guideline": guideline,
        "unread": judge is not None and is_unread(guideline, user_id=judge.user_id or 0),
        "flag_reasons": FLAG_REASONS,
        "skip_reasons": SKIP_REASONS,
        "suggests": bool(project.flow.get("suggestions")),
    }


def show(
    request: HttpRequest, context: dict[str, Any], *, status: int = 200, whole: bool = False
) -> HttpResponse:
    if not whole and wants_fragment(request):
        # Without the request: no part of it is read, and its token comes back as the page sent it.
        context["csrf_token"] = request.POST.get("csrfmiddlewaretoken") or get_token(request)
        return HttpResponse(render_to_string("annotate/_desk.html", context), status=status)
    project: Project = context["project"]
    own = {"desk_settings": {"keys": own_keys(person(request)), "lengths": project.show_lengths}}
    return render(request, "annotate/desk.html", context | page_words() | own, status=status)
