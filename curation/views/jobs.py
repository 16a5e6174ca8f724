from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from annotate.access import access_job
from annotate.http import wants_fragment
from annotate.services.jobs import OPEN_STATES, cancel_job, retry_job
from curation.views.frame import door, page


@require_safe
def show_job(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One job: as a page, or as the fragment that asks for itself again while the work runs."""
    project = door(request, slug)
    job = access_job(project=project, pk=pk)
    template = "curation/_job.html" if wants_fragment(request) else "curation/job.html"
    shown = page(request, template, project, tab="show_overview", job=job)
    if wants_fragment(request) and job.state not in OPEN_STATES:
        # It has just ended: what it changed is elsewhere on the page.
        shown["HX-Refresh"] = "true"
    return shown


@require_POST
def act_on_job(request: HttpRequest, slug: str, pk: int, action: str) -> HttpResponse:
    project = door(request, slug)
    job = access_job(project=project, pk=pk)
    {"retry": retry_job, "cancel": cancel_job}[action](job=job)
    return redirect("show_job", project.slug, job.pk)
