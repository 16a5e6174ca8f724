from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind, Role
from annotate.selectors.items import items_short_of_candidates
from annotate.selectors.progress import jobs_of, stage_counts
from curation.forms import GenerateForm
from curation.selectors.generators import written_by
from curation.services.generating import ask_for_candidates
from curation.views.frame import attempt, door, page


@require_http_methods(["GET", "POST"])
def show_candidates(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = GenerateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        job = attempt(request, form, lambda: ask_for_candidates(project=project, **form.cleaned_data))
        if job is not None:
            return redirect("show_candidates", project.slug)
    return page(
        request,
        "curation/candidates.html",
        project,
        tab="show_candidates",
        status=422 if request.method == "POST" else 200,
        form=form,
        short=items_short_of_candidates(project, wanted=2).count(),
        counts=stage_counts(project),
        generators=written_by(project),
        jobs=jobs_of(project).filter(kind=JobKind.GENERATE)[:5],
    )
