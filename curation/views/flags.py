from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from annotate.http import person
from annotate.selectors.flags import flags_of
from annotate.services.flags import answer_flag
from curation.forms import FlagAnswerForm
from curation.views.frame import attempt_plain, door, page


@require_safe
def show_flags(request: HttpRequest, slug: str) -> HttpResponse:
    """What annotators told the lead: the open flags first, then what became of the others."""
    project = door(request, slug)
    return page(request, "curation/flags.html", project, tab="show_review", flags=flags_of(project)[:200])


@require_POST
def settle_flag(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    flag = get_object_or_404(flags_of(project), pk=pk)
    form = FlagAnswerForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        attempt_plain(
            request,
            lambda: answer_flag(flag=flag, by=person(request), state=given["state"], note=given["note"]),
        )
    return redirect("show_flags", project.slug)
