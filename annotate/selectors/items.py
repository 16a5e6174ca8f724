from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, QuerySet

from annotate.enums import ItemPurpose
from annotate.models import Candidate, Item, Project
from annotate.selectors.questions import compares_responses


def items_of(project: Project) -> QuerySet[Item]:
    return Item.objects.filter(project=project).order_by("pk")


def items_short_of_candidates(project: Project, *, wanted: int) -> QuerySet[Item]:
    """Items with fewer candidates than wanted, the oldest first."""
    return items_of(project).annotate(n_candidates=Count("candidates")).filter(n_candidates__lt=wanted)


def items_with(project: Project, *, candidates: int) -> QuerySet[Item]:
    """Items of the work with at least so many candidates. What is there to know the judges by, and what was
    set aside, is not among them: it is never routed, settled or released."""
    last = Candidate.objects.filter(item=OuterRef("pk"), position=candidates - 1)
    return items_of(project).filter(Exists(last), purpose=ItemPurpose.WORK)


def pairable_items(project: Project) -> QuerySet[Item]:
    """Items of the work with a pair to judge."""
    return items_with(project, candidates=2)


def judgeable_items(project: Project) -> QuerySet[Item]:
    """Items of the work that people can be asked about: with a pair where two responses are compared, else
    with one response."""
    return items_with(project, candidates=2 if compares_responses(project) else 1)


def lone_items(project: Project) -> QuerySet[Item]:
    """Items of the work with one response, in a project that compares two: no person is asked about them, for
    there is nothing to compare; a model can rate or class what is there."""
    if not compares_responses(project):
        return Item.objects.none()
    return items_with(project, candidates=1).exclude(pk__in=pairable_items(project).values("pk"))


def pair_of(item: Item) -> tuple[Candidate, Candidate] | None:
    """The pair that a preference is about: the first two candidates as stored."""
    pair = sorted(item.candidates.all(), key=lambda one: one.position)[:2]
    return (pair[0], pair[1]) if len(pair) == 2 else None
