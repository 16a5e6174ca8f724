"""Where people disagree: a queue, all answers side by side, and a final answer with its reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from annotate.access import access_item
from annotate.enums import Role
from annotate.errors import StaleEdit
from annotate.forms import sent_fields
from annotate.http import person
from annotate.language import said
from annotate.models import Item, Project
from annotate.selectors.reviewing import disagreements, final_answers, next_to_review, waiting_for_review
from annotate.services.adjudicating import adjudicate
from curation.forms import FinalForm
from curation.selectors.reviewing import review_of, review_rows
from curation.views.frame import attempt, door, page

PAGE = 50


@require_safe
def show_review(request: HttpRequest, slug: str) -> HttpResponse:
    """Items whose people differ, the most doubtful first, and the latest final answers."""
    project = door(request, slug)
    return page(
        request,
        "curation/review.html",
        project,
        tab="show_review",
        rows=review_rows(project, disagreements(project, limit=PAGE)),
        n_waiting=waiting_for_review(project).count(),
        finals=final_answers(project).select_related("item")[:20],
    )


@require_http_methods(["GET", "POST"])
def review_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One item: nobody's name is shown until there is a final answer."""
    project = door(request, slug, write=Role.REVIEWER)
    item = access_item(project=project, pk=pk)
    form = FinalForm(request.POST or None)
    fields = sent_fields(request.POST) if request.method == "POST" else {}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                final = attempt(request, form, lambda: decide(request, item, form), passing=StaleEdit)
            except StaleEdit as trouble:
                form.add_error(
                    None, said(trouble.message) + " " + _("Look at the answers again, then send yours.")
                )
                final, status = None, 412
            if final is not None:
                return after(request, project, item)
    review = review_of(item, fields=fields)
    return page(
        request,
        "curation/review_item.html",
        project,
        tab="show_review",
        status=status,
        form=form,
        review=review,
    )


def decide(request: HttpRequest, item: Item, form: FinalForm) -> Any:
    review = review_of(item, fields={})
    return adjudicate(
        item=item,
        by=person(request),
        answers=review.questionnaire.read_fields(sent_fields(request.POST), review.texts),
        reason=form.cleaned_data["reason"],
        seen=form.seen(),
    )


def after(request: HttpRequest, project: Project, item: Item) -> HttpResponse:
    """On to the next item; or back to this one, where the reviewer wants to see who said what."""
    messages.success(
        request, _("The final answer to %(item)s is kept.") % {"item": item.external_id}, extra_tags="good"
    )
    waiting = next_to_review(project, after=item.pk)
    if "stay" in request.POST or waiting is None:
        return redirect("review_item", project.slug, item.pk)
    return redirect("review_item", project.slug, waiting)
