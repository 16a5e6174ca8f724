from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotate.enums import ImportMode, JobKind, Role
from annotate.http import person
from annotate.selectors.progress import jobs_of
from annotate.services.import_file import shown_name
from annotate.services.importing import enqueue_import
from annotate.services.uploads import keep_upload
from curation.forms import BY_HAND, ImportForm
from curation.views.frame import attempt, door, page
from curation.views.import_mapping import mapping_address


@require_http_methods(["GET", "POST"])
def show_import(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload, source = form.cleaned_data["file"], form.cleaned_data["source"]
        name = shown_name(upload.name or "upload")

        def ask() -> str:
            kept = keep_upload(upload=upload)
            if source == BY_HAND:
                return mapping_address(project, upload=kept, name=name)
            mode = ImportMode(form.cleaned_data["mode"])
            by = person(request)
            enqueue_import(project=project, upload=kept, name=name, mode=mode, by=by, source=source)
            return reverse("show_import", args=[project.slug])

        address = attempt(request, form, ask)
        if address is not None:
            return redirect(address)
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
