from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from curation.selectors.leaderboards import leaderboard_of
from curation.views.frame import door, page


@require_safe
def show_leaderboard(request: HttpRequest, slug: str) -> HttpResponse:
    """Which model's responses judges prefer, with intervals, as of the last settling."""
    project = door(request, slug)
    asked = {name: request.GET.get(name, "")[:200] for name in ("pool", "subject")}
    shown = leaderboard_of(project, **asked)
    return page(request, "curation/leaderboard.html", project, tab="show_settling", shown=shown)
