from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind
from annotate.models import Project
from annotate.selectors.progress import jobs_of, stage_counts
from curation.enums import Scorer
from curation.selectors.histograms import Bins, ches_by_refusals, pairs_between, score_histogram
from curation.selectors.score_lists import score_lists
from curation.selectors.scorers import SPECS
from curation.selectors.scores import score_counts
from curation.services.scoring import score_items, told
from curation.views.frame import attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_scores(request: HttpRequest, slug: str) -> HttpResponse:
    """Every scorer with what it has done; of one the histogram, and of one bin its pairs."""
    project = door(request, slug)
    if request.method == "POST":
        scorer, lists = request.POST.get("scorer", ""), request.POST.get("from_lists") == "1"
        scaled = request.POST.get("one_scale") == "1"
        asked = told(scorer=scorer, from_lists=lists, one_scale=scaled)
        attempt_plain(request, lambda: score_items(project=project, scorer=scorer, parameters=asked))
        return redirect("show_scores", project.slug)
    counts = score_counts(project)
    chosen = chosen_scorer(request, [name for name, count in counts.items() if count.scored])
    shown = score_histogram(project, chosen) if chosen else None
    return page(
        request,
        "curation/scores.html",
        project,
        tab="show_scores",
        scorers=[{"spec": spec, "count": counts[key]} for key, spec in SPECS.items()],
        chosen=SPECS[chosen] if chosen else None,
        histogram=shown,
        crosstab=ches_by_refusals(project) if chosen in (Scorer.CHES, Scorer.REFUSAL) else None,
        lists=score_lists(project),
        pairs=stage_counts(project).pairs,
        jobs=jobs_of(project).filter(kind=JobKind.SCORE)[:5],
        **(bin_of(request, project, chosen, shown) if chosen and shown else {}),
    )


def chosen_scorer(request: HttpRequest, scored: list[str]) -> Scorer | None:
    """The scorer asked for, or the first that has a number."""
    asked = request.GET.get("of", "")
    name = asked if asked in scored else next(iter(scored), None)
    return Scorer(name) if name else None


def bin_of(request: HttpRequest, project: Project, scorer: Scorer, shown: Bins) -> dict[str, Any]:
    """The bin asked for with its pairs; nothing where none is."""
    asked, after = request.GET.get("bin", ""), request.GET.get("after", "")
    if not asked.isdecimal() or len(asked) > 3 or int(asked) >= len(shown.counts):
        return {}
    place = int(asked)
    low, high = shown.edges(place)
    rows, more = pairs_between(
        project,
        scorer,
        low=low,
        high=shown.high if place == len(shown.counts) - 1 else high,
        last=place == len(shown.counts) - 1,
        after=int(after) if after.isdecimal() and len(after) < 18 else 0,
    )
    return {
        "place": place,
        "low": low,
        "high": high,
        "rows": rows,
        "more": rows[-1].item_id if more else None,
    }
