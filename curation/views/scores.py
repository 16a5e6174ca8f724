from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind
from annotate.selectors.progress import jobs_of, stage_counts
from curation.enums import Scorer
from curation.selectors.histograms import score_histogram
from curation.selectors.scores import score_counts
from curation.services.scoring import score_items
from curation.views.frame import attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_scores(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    if request.method == "POST":
        attempt_plain(request, lambda: score_items(project=project, scorer=request.POST.get("scorer", "")))
        return redirect("show_scores", project.slug)
    counts = score_counts(project)
    scorers = [
        {
            "key": scorer.value,
            "name": scorer.label,
            "scored": counts[scorer],
            "histogram": score_histogram(project, scorer),
        }
        for scorer in Scorer
    ]
    return page(
        request,
        "curation/scores.html",
        project,
        tab="show_scores",
        scorers=scorers,
        pairs=stage_counts(project).pairs,
        jobs=jobs_of(project).filter(kind=JobKind.SCORE)[:5],
    )
