from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from annotate.enums import JobKind
from annotate.http import wants_fragment
from annotate.models import Project
from annotate.selectors.progress import jobs_of, pair_count
from curation.enums import Scorer
from curation.selectors.histograms import (
    BINS,
    Scale,
    ches_by_refusals,
    pairs_in_bin,
    score_histogram,
    score_scale,
)
from curation.selectors.score_lists import score_lists
from curation.selectors.scorers import SPECS
from curation.selectors.scores import score_counts
from curation.services.scoring import score_items, told
from curation.views.frame import attempt_plain, door, page


@vary_on_headers("HX-Request")
@require_http_methods(["GET", "POST"])
def show_scores(request: HttpRequest, slug: str) -> HttpResponse:
    """Every scorer with what it has done; of one the histogram, and of one bin its pairs. Where a bar is
    chosen on the page, the pairs come alone: nothing is counted anew for them."""
    project = door(request, slug)
    if request.method == "POST":
        scorer, lists = request.POST.get("scorer", ""), request.POST.get("from_lists") == "1"
        scaled = request.POST.get("one_scale") == "1"
        asked = told(scorer=scorer, from_lists=lists, one_scale=scaled)
        attempt_plain(request, lambda: score_items(project=project, scorer=scorer, parameters=asked))
        return redirect("show_scores", project.slug)
    if wants_fragment(request):
        return show_bin(request, project)
    counts = score_counts(project)
    chosen = chosen_scorer(request, [name for name, count in counts.items() if count.scored])
    shown: dict[str, Any] = {
        "scorers": [{"spec": spec, "count": counts[key]} for key, spec in SPECS.items()],
        "lists": score_lists(project),
        "pairs": pair_count(project),
        "jobs": jobs_of(project).filter(kind=JobKind.SCORE)[:5],
    }
    histogram = score_histogram(project, chosen) if chosen else None
    if chosen and histogram:
        crossed = chosen in (Scorer.CHES, Scorer.REFUSAL)
        shown |= {
            "chosen": SPECS[chosen],
            "histogram": histogram,
            "crosstab": ches_by_refusals(project) if crossed else None,
            **bin_of(request, project, chosen, histogram.scale),
        }
    return page(request, "curation/scores.html", project, tab="show_scores", **shown)


def chosen_scorer(request: HttpRequest, scored: list[str]) -> Scorer | None:
    """The scorer asked for, or the first that has a number."""
    asked = request.GET.get("of", "")
    name = asked if asked in scored else next(iter(scored), None)
    return Scorer(name) if name else None


def show_bin(request: HttpRequest, project: Project) -> HttpResponse:
    """The pairs of one bar alone."""
    asked = request.GET.get("of", "")
    scale = score_scale(project, asked) if asked in Scorer else None
    found = bin_of(request, project, Scorer(asked), scale) if scale else {}
    return render(request, "curation/_binned_pairs.html", {"project": project, "swapped": True} | found)


def bin_of(request: HttpRequest, project: Project, scorer: Scorer, scale: Scale) -> dict[str, Any]:
    """The bin asked for with its pairs; nothing where none is."""
    asked, after = request.GET.get("bin", ""), request.GET.get("after", "")
    if not asked.isdecimal() or len(asked) > 3 or int(asked) >= BINS:
        return {}
    place = int(asked)
    last = int(after) if after.isdecimal() and len(after) < 18 else 0
    rows, more = pairs_in_bin(project, scorer, scale, place, after=last)
    low, high = scale.edges(place)
    return {
        "chosen": SPECS[scorer],
        "place": place,
        "low": low,
        "high": high,
        "rows": rows,
        "more": rows[-1].item_id if more else None,
    }
