from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from annotate.models import Project
from curation.enums import Pool, Target
from curation.models import Estimate, Release, Route, Score, Settlement
from curation.selectors.policies import current_policy


@dataclass(frozen=True, slots=True)
class LaterCounts:
    """The later stages of a project in numbers. Shares are per cent of what was routed."""

    scored: int
    routed: int
    to_people: int
    people_share: int
    models_share: int
    settled: int
    settlements: dict[str, Settlement]
    releases: int
    latest: Release | None


def later_counts(project: Project) -> LaterCounts:
    policy = current_policy(project=project)
    routes = Route.objects.filter(policy=policy).aggregate(
        all=Count("pk"), people=Count("pk", filter=~Q(target=Target.MODEL))
    )
    share = round(100 * routes["people"] / routes["all"]) if routes["all"] else 0
    return LaterCounts(
        scored=Score.objects.filter(item__project=project).values("item_id").distinct().count(),
        routed=routes["all"],
        to_people=routes["people"],
        people_share=share,
        models_share=100 - share if routes["all"] else 0,
        settled=Estimate.objects.filter(item__project=project, pool=Pool.PEOPLE_FIRST).count(),
        settlements={one.pool: one for one in Settlement.objects.filter(project=project)},
        releases=project.releases.count(),
        latest=project.releases.order_by("-version").first(),
    )
