from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, QuerySet

from annotate.models import Candidate, Item, Project


def items_of(project: Project) -> QuerySet[Item]:
    return Item.objects.filter(project=project).order_by("pk")


def items_short_of_candidates(project: Project, *, wanted: int) -> QuerySet[Item]:
    """Items with fewer candidates than wanted, the oldest first."""
    return items_of(project).annotate(n_candidates=Count("candidates")).filter(n_candidates__lt=wanted)


def pairable_items(project: Project) -> QuerySet[Item]:
    """Items with a pair to judge: at least two candidates."""
    second = Candidate.objects.filter(item=OuterRef("pk"), position=1)
    return items_of(project).filter(Exists(second))


def pair_of(item: Item) -> tuple[Candidate, Candidate] | None:
    """The pair that a preference is about: the first two candidates as stored."""
    pair = sorted(item.candidates.all(), key=lambda one: one.position)[:2]
    return (pair[0], pair[1]) if len(pair) == 2 else None
