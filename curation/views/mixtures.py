from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotate.access import access_job
from annotate.enums import Role
from curation.policy_forms import ScoresForm
from curation.services.mixture_jobs import (
    archive_of_mixtures,
    ask_for_mixtures,
    ask_to_learn_from_scores,
)
from curation.views.frame import attempt_plain, door


@require_POST
def mix(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker for mixtures on which real reward models can be trained."""
    project = door(request, slug)
    attempt_plain(request, lambda: ask_for_mixtures(project=project))
    return redirect("show_routing", project.slug)


@require_safe
def download_mixtures(request: HttpRequest, slug: str, pk: int) -> HttpResponse | FileResponse:
    """The zip file; where there is none yet, the page says so."""
    project = door(request, slug, read=Role.LEAD)
    archive = archive_of_mixtures(access_job(project=project, pk=pk))
    if archive is None:
        return redirect("show_routing", project.slug)
    return FileResponse(archive.open("rb"), as_attachment=True, filename=f"{project.slug}-mixtures-{pk}.zip")


@require_POST
def upload_mixture_scores(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Scores of the mixtures, one a candidate: a worker learns from them and routes."""
    project = door(request, slug)
    mixtures = access_job(project=project, pk=pk)
    form = ScoresForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.warning(
            request, " ".join(str(one) for told in form.errors.values() for one in told), extra_tags="warn"
        )
        return redirect("show_routing", project.slug)
    given, budget = form.cleaned_data["scores"].read(), form.cleaned_data["budget"]
    job = attempt_plain(
        request,
        lambda: ask_to_learn_from_scores(
            project=project, mixtures=mixtures, given=given, human_budget=budget
        ),
    )
    if job is not None:
        words = _("A worker learns the policy and routes by it; this page shows how far it is.")
        messages.success(request, words, extra_tags="good")
    return redirect("show_routing", project.slug)
