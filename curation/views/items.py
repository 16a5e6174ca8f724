from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from annotate.access import access_item
from annotate.selectors.judgments import judgments_on
from curation.selectors.browser import item_rows
from curation.selectors.history import estimates_on, routes_on
from curation.selectors.releases import release_rows_of
from curation.selectors.scores import scores_on
from curation.views.frame import door, page


@require_safe
def show_items(request: HttpRequest, slug: str) -> HttpResponse:
    """Browse the items by keyset: a page costs the same however many there are."""
    project = door(request, slug)
    after = request.GET.get("after", "")
    # PostgreSQL refuses a NUL in a text, and no id has one.
    sought = request.GET.get("q", "").replace("\0", "").strip()[:200]
    rows, more = item_rows(
        project, after=int(after) if after.isdecimal() and len(after) < 18 else 0, sought=sought
    )
    return page(
        request, "curation/items.html", project, tab="show_items", rows=rows, more=more, sought=sought
    )


@require_safe
def show_item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Everything that happened to one item, stage by stage."""
    project = door(request, slug)
    item = access_item(project=project, pk=pk)
    return page(
        request,
        "curation/item.html",
        project,
        tab="show_items",
        item=item,
        candidates=item.candidates.order_by("position"),
        scores=scores_on(item),
        routes=routes_on(item),
        judgments=judgments_on(item),
        estimates=estimates_on(item),
        release_rows=release_rows_of(item),
    )
