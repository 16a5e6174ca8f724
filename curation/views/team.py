from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from curation.selectors.team import team_progress
from curation.views.frame import door, page


@require_safe
def show_team(request: HttpRequest, slug: str) -> HttpResponse:
    """Who did how much, and when the rest may be done."""
    project = door(request, slug)
    team = team_progress(project, at=timezone.now())
    return page(request, "curation/team.html", project, tab="show_quality", team=team)
