from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind
from annotate.selectors.progress import jobs_of, judges_of
from curation.services.judging import ask_local_judge
from curation.views.frame import attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_judges(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    if request.method == "POST":
        attempt_plain(request, lambda: ask_local_judge(project=project))
        return redirect("show_judges", project.slug)
    return page(
        request,
        "curation/judges.html",
        project,
        tab="show_judges",
        judges=judges_of(project).select_related("user")[:200],
        jobs=jobs_of(project).filter(kind=JobKind.JUDGE)[:5],
    )
