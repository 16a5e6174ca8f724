from __future__ import annotations

from django.db.models import QuerySet

from annotate.models import Item
from curation.models import Estimate, Route


def routes_on(item: Item) -> QuerySet[Route]:
    """Where the item was sent under each policy, the latest first."""
    return Route.objects.filter(item=item).select_related("policy").order_by("-policy__version")


def estimates_on(item: Item) -> QuerySet[Estimate]:
    return Estimate.objects.filter(item=item).order_by("pool")
