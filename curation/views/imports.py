from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import ImportMode, JobKind, Role
from annotate.http import person
from annotate.selectors.progress import jobs_of
from annotate.services.importing import enqueue_import
from annotate.services.uploads import keep_upload
from curation.forms import ImportForm
from curation.views.frame import attempt, door, page


@require_http_methods(["GET", "POST"])
def show_import(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]

        def ask() -> object:
            return enqueue_import(
                project=project,
                upload=keep_upload(upload=upload),
                name=upload.name or "upload",
                mode=ImportMode(form.cleaned_data["mode"]),
                by=person(request),
            )

        if attempt(request, form, ask) is not None:
            return redirect("show_import", project.slug)
    return page(
        request,
        "curation/import.html",
        project,
        tab="show_import",
        status=422 if request.method == "POST" else 200,
        form=form,
        jobs=jobs_of(project).filter(kind=JobKind.IMPORT)[:5],
        runs=project.import_runs.order_by("-pk")[:20],
    )
