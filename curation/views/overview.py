from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from annotate.access import role_in
from annotate.enums import JobState, Role
from annotate.models import Project
from annotate.selectors.progress import jobs_of, judges_of, open_jobs_of, stage_counts
from curation.enums import Pool
from curation.selectors.overview import later_counts
from curation.views.frame import door, page


@require_safe
def show_overview(request: HttpRequest, slug: str) -> HttpResponse:
    """The lead's page; an annotator's own page is the desk."""
    project = door(request, slug, read=Role.ANNOTATOR)
    if role_in(user=request.user, project=project) == Role.ANNOTATOR:
        return redirect("show_desk", project.slug)
    judges = judges_of(project)[:8]
    return page(
        request, "curation/overview.html", project, tab="show_overview", judges=judges, **stages(project)
    )


@require_safe
def show_stages(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture alone, asked for again while work runs."""
    project = door(request, slug)
    return page(request, "curation/_stages.html", project, tab="show_overview", **stages(project))


def stages(project: Project) -> dict[str, Any]:
    later = later_counts(project)
    return {
        "counts": stage_counts(project),
        "later": later,
        "agreement": later.settlements.get(Pool.PEOPLE) or later.settlements.get(Pool.TOGETHER),
        "running": list(open_jobs_of(project)[:5]),
        "failed": list(jobs_of(project).filter(state=JobState.FAILED)[:3]),
    }
