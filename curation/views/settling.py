from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind
from annotate.selectors.progress import jobs_of
from curation.selectors.settlements import settlement_rows
from curation.services.settling import ask_to_settle
from curation.views.frame import attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_settling(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    if request.method == "POST":
        attempt_plain(request, lambda: ask_to_settle(project=project))
        return redirect("show_settling", project.slug)
    return page(
        request,
        "curation/settling.html",
        project,
        tab="show_settling",
        rows=settlement_rows(project),
        jobs=jobs_of(project).filter(kind=JobKind.SETTLE)[:3],
    )
