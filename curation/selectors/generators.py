from __future__ import annotations

from collections import Counter, defaultdict

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404

from annotate.enums import Verdict
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pairable_items
from curation.enums import Pool
from curation.models import Estimate, Generator


def generators_of(project: Project) -> QuerySet[Generator]:
    return Generator.objects.filter(project=project).order_by("pk")


def access_generator(*, project: Project, pk: int) -> Generator:
    return get_object_or_404(generators_of(project), pk=pk)


def written_by(project: Project) -> list[Generator]:
    """The generators, each with how many candidates it has ``written`` and how many of them carry each flag,
    such as a refusal or a text cut at its limit."""
    found = Candidate.objects.filter(item__project=project, parameters__has_key="generator").order_by()
    written: Counter[str] = Counter()
    flagged: dict[str, Counter[str]] = defaultdict(Counter)
    for name, flags, count in found.values_list("parameters__generator", "flags").annotate(n=Count("pk")):
        written[name] += count
        for flag in flags:
            flagged[name][flag] += count
    generators = list(generators_of(project))
    for one in generators:
        one.written = written[one.name]  # type: ignore[attr-defined]  # shown beside its own fields
        one.flagged = sorted(flagged[one.name].items())  # type: ignore[attr-defined]  # as above
    return generators


def items_without_good_side(project: Project) -> QuerySet[Item]:
    """Items whose pair was settled as neither being good."""
    neither = Estimate.objects.filter(item=OuterRef("pk"), pool=Pool.PEOPLE_FIRST, verdict=Verdict.NEITHER)
    return pairable_items(project).filter(Exists(neither))
