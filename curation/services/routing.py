"""Stage 4: who is asked about each item, within a human budget."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from annotate.errors import InvalidSetting
from annotate.models import Project
from annotate.selectors.items import pairable_items
from annotate.services.seats import want_seats
from curation.enums import PolicyKind, Target
from curation.models import Policy, Route


@dataclass(frozen=True, slots=True)
class RoutingReport:
    policy_id: int
    version: int
    routed: int
    people: int
    models: int


@transaction.atomic
def make_policy(
    *,
    project: Project,
    kind: str,
    human_budget: int | None = None,
    seed: int = 0,
    ask_models: bool = True,
    settings: dict[str, Any] | None = None,
) -> Policy:
    """Add the next version of the project's policy."""
    if kind not in PolicyKind.values:
        raise InvalidSetting(
            "There is no such policy.", field="kind", cure=f"Choose one of {', '.join(PolicyKind.values)}."
        )
    if human_budget is not None and human_budget < 0:
        raise InvalidSetting(
            "A budget cannot be negative.", field="human_budget", cure="Give 0 or more items."
        )
    last = project.policies.aggregate(last=Max("version"))["last"] or 0
    return Policy.objects.create(
        project=project,
        version=last + 1,
        kind=kind,
        human_budget=human_budget,
        seed=seed,
        ask_models=ask_models,
        settings=settings or {},
    )


@transaction.atomic
def route_items(*, policy: Policy, item_ids: Sequence[int] | None = None) -> RoutingReport:
    """Route every item that has a pair and no route under this policy yet.

    Running it again routes only what came since; what was routed keeps its route. The budget counts items
    under this policy version, and is never passed: the row lock on the policy makes two runs at once take
    turns.
    """
    Policy.objects.select_for_update().get(pk=policy.pk)
    items = pairable_items(policy.project).exclude(routes__policy=policy)
    if item_ids is not None:
        items = items.filter(pk__in=list(item_ids))
    waiting = sorted(items.values_list("key", "pk"))
    spent = policy.routes.exclude(target=Target.MODEL).count()
    left = len(waiting) if policy.human_budget is None else max(0, policy.human_budget - spent)
    to_people = _chosen(policy, waiting, left)
    share = min(1.0, left / len(waiting)) if waiting else 0.0
    Route.objects.bulk_create(
        [_route(policy, pk, pk in to_people, share, left, len(waiting)) for _key, pk in waiting],
        batch_size=500,
    )
    want_seats(item_ids=sorted(to_people), wanted=policy.project.overlap)
    counts = Counter(pk in to_people for _key, pk in waiting)
    return RoutingReport(
        policy_id=policy.pk,
        version=policy.version,
        routed=len(waiting),
        people=counts[True],
        models=len(waiting) if policy.ask_models else counts[False],
    )


def _chosen(policy: Policy, waiting: list[tuple[str, int]], left: int) -> set[int]:
    """The items for people: all that fit, in an order drawn from the seed and the items' own content."""

    def draw(pair: tuple[str, int]) -> bytes:
        return hashlib.sha256(f"route:{policy.seed}:{pair[0]}".encode()).digest()

    return {pk for _key, pk in sorted(waiting, key=draw)[:left]}


def _route(policy: Policy, item_id: int, to_person: bool, share: float, left: int, waiting: int) -> Route:
    if policy.kind == PolicyKind.EVERYONE and policy.human_budget is None:
        reason = "Everything goes to people under this policy."
    elif to_person:
        reason = f"Drawn at random for people: {min(left, waiting)} of {waiting} items fit the budget."
    else:
        reason = f"Not drawn: the budget for people held {left} of {waiting} items."
    asked = Target.BOTH if policy.ask_models else Target.PERSON
    target = asked if to_person else Target.MODEL
    return Route(item_id=item_id, policy=policy, target=target, reason=reason, probability=share)
