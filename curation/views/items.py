from __future__ import annotations

from dataclasses import replace
from math import isfinite
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from annotate.access import access_item
from annotate.selectors.items import lone_items
from annotate.selectors.judgments import judgments_on
from curation.enums import Scorer
from curation.selectors.browser import Browse, item_page
from curation.selectors.history import estimates_on, routes_on
from curation.selectors.releases import release_rows_of
from curation.selectors.scores import scores_on
from curation.views.frame import door, page


@require_safe
def show_items(request: HttpRequest, slug: str) -> HttpResponse:
    """Browse the items by keyset: a page costs the same however many there are."""
    project = door(request, slug)
    asked = asked_for(request)
    found = item_page(project, asked)
    after = {"after": found.rows[-1].item.pk if found.rows else 0, "value": found.value}
    return page(
        request,
        "curation/items.html",
        project,
        tab="show_items",
        asked=asked,
        rows=found.rows,
        columns=[column_of(column, asked) for column in found.columns],
        sorters=Scorer.choices,
        more="?" + urlencode(said(asked) | {k: v for k, v in after.items() if v is not None})
        if found.more
        else "",
    )


def asked_for(request: HttpRequest) -> Browse:
    """What the address asks for; what it says wrongly is as good as unsaid."""
    given = request.GET
    sort = given.get("sort", "")
    after = given.get("after", "")
    sort = sort if sort in Scorer.values else ""
    return Browse(
        # PostgreSQL refuses a NUL in a text, and no id has one.
        sought=given.get("q", "").replace("\0", "").strip()[:200],
        sort=sort,
        down=given.get("down") == "1",
        low=number_or_none(given.get("low", "")),
        high=number_or_none(given.get("high", "")),
        flagged=given.get("flagged") == "1",
        after=int(after) if after.isdecimal() and len(after) < 18 else 0,
        value=number_or_none(given.get("value", "")) if sort else None,
    )


def number_or_none(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


def said(asked: Browse) -> dict[str, object]:
    """The question as an address says it, without its place in the pages."""
    named = {
        "q": asked.sought,
        "sort": asked.sort,
        "down": "1" if asked.down else "",
        "low": asked.low,
        "high": asked.high,
        "flagged": "1" if asked.flagged else "",
    }
    return {name: value for name, value in named.items() if value not in ("", None)}


def column_of(scorer: Scorer, asked: Browse) -> dict[str, object]:
    """A column's head: its name, and where a click on it leads."""
    here = asked.sort == scorer
    turned = replace(asked, sort=scorer.value, down=here and not asked.down)
    if not here:
        turned = replace(turned, low=None, high=None, flagged=False)
    order = ("descending" if asked.down else "ascending") if here else "none"
    return {"name": scorer.label, "url": "?" + urlencode(said(turned)), "order": order}


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
        lone=lone_items(project).filter(pk=item.pk).exists(),
        judgments=judgments_on(item),
        estimates=estimates_on(item),
        release_rows=release_rows_of(item),
    )
