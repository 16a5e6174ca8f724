"""Items whose right answers are known: chosen by the lead, or made by spoiling a response."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from annotate.access import access_item
from annotate.enums import Role
from annotate.forms import sent_fields
from annotate.http import person
from annotate.models import Item
from annotate.services.gold import accepted_from, make_gold, make_traps, unmake_gold
from curation.check_forms import CheckedItemForm, GoldForm, TrapForm
from curation.selectors.quality import checks_of, purposes_of
from curation.selectors.reviewing import review_of
from curation.views.frame import attempt, attempt_plain, door, page

TAB = "show_quality"


@require_http_methods(["GET", "POST"])
def show_checks(request: HttpRequest, slug: str) -> HttpResponse:
    """Gold and qualification items, and how many traps there are."""
    project = door(request, slug)
    form = CheckedItemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        item = attempt(request, form, lambda: form.item_of(project))
        if item is not None:
            return redirect("make_check", project.slug, item.pk)
    return page(
        request,
        "curation/checks.html",
        project,
        tab=TAB,
        status=422 if form.errors else 200,
        form=form,
        traps=TrapForm(),
        checks=checks_of(project),
        purposes=purposes_of(project),
    )


@require_http_methods(["GET", "POST"])
def make_check(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The item with the project's questions: what the lead answers is right from then on."""
    project = door(request, slug, read=Role.LEAD)
    item = access_item(project=project, pk=pk)
    form = GoldForm(request.POST or None)
    fields = sent_fields(request.POST) if request.method == "POST" else {}
    if request.method == "POST" and form.is_valid():
        made = attempt(request, form, lambda: keep_check(request, item, form))
        if made is not None:
            messages.success(request, _("This item is a check now."), extra_tags="good")
            return redirect("show_checks", project.slug)
    status = 422 if request.method == "POST" else 200
    review = review_of(item, fields=fields)
    return page(request, "curation/check.html", project, tab=TAB, status=status, form=form, review=review)


def keep_check(request: HttpRequest, item: Item, form: GoldForm) -> Any:
    review = review_of(item, fields={})
    given = form.cleaned_data
    return make_gold(
        item=item,
        accepted=accepted_from(
            item=item,
            answers=review.questionnaire.read_fields(sent_fields(request.POST), review.texts),
            tolerance=given["tolerance"],
            also=given["also"],
        ),
        purpose=given["purpose"],
        explanation=given["explanation"],
        by=person(request),
    )


@require_POST
def remove_check(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    unmake_gold(item=access_item(project=project, pk=pk))
    return redirect("show_checks", project.slug)


@require_POST
def add_traps(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    form = TrapForm(request.POST)
    if form.is_valid():
        made = attempt_plain(request, lambda: make_traps(project=project, count=form.cleaned_data["count"]))
        if made:
            messages.success(
                request,
                ngettext("%(n)s trap is made.", "%(n)s traps are made.", made) % {"n": made},
                extra_tags="good",
            )
    return redirect("show_checks", project.slug)
