"""Stage 4: who is asked about each item, within a human budget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from annotate.enums import SEATED_STATES
from annotate.errors import InvalidSetting
from annotate.models import Assignment, Item, Project
from annotate.selectors.items import judgeable_items, pairable_items
from annotate.services.seats import first_seats, want_seats
from curation.enums import PolicyKind, Target
from curation.models import Policy, Route
from curation.selectors.judging import why_no_model_alone
from curation.selectors.labels import labelled_items
from curation.selectors.policies import PolicySettings, current_policy
from curation.selectors.replays import Embed
from curation.services.learning import KINDS, learn_policy
from curation.services.ranking import Ranking, rank_items

PLAIN = (PolicyKind.EVERYONE, PolicyKind.RANDOM)


@dataclass(frozen=True, slots=True)
class RoutingReport:
    """``kept``: items that people had begun under an earlier version, and that stay where they were."""

    policy_id: int
    version: int
    routed: int
    people: int
    models: int
    kept: int = 0


def make_policy(*, project: Project, kind: str, **more: Any) -> Policy:
    """Add the next version of the project's policy; a learned kind is trained first, or refused. Takes what
    ``NewPolicy`` has."""
    return _next_version(project, _trained(project, NewPolicy(kind=kind, **more)))


def make_policy_and_route(*, project: Project, kind: str, **more: Any) -> RoutingReport:
    """Both or neither: a worker killed in between would take its own policy for somebody's newer one. Trained
    before, for other writers wait while the two are made."""
    trained = _trained(project, NewPolicy(kind=kind, **more))
    with transaction.atomic():
        return route_items(policy=_next_version(project, trained))


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A policy to be made; ``embed`` is what a learned kind reads texts by."""

    kind: str
    human_budget: int | None = None
    seed: int = 0
    ask_models: bool = True
    settings: dict[str, Any] | None = None
    embed: Embed | None = None


def _trained(project: Project, new: NewPolicy) -> NewPolicy:
    """The same with its settings checked and, for a learned kind, with what was learned among them."""
    used = _checked(new.kind, new.human_budget, new.settings or {})
    if new.kind in KINDS and not used.learned:
        found = learn_policy(project=project, kind=new.kind, settings=used, seed=new.seed, embed=new.embed)
        used = replace(used, learned=found | {"labelled": labelled_items(project)})
    return replace(new, settings=used.as_json())


@transaction.atomic
def _next_version(project: Project, new: NewPolicy) -> Policy:
    # Two at once take turns here, and get a version each.
    Project.objects.select_for_update().get(pk=project.pk)
    last = project.policies.aggregate(last=Max("version"))["last"] or 0
    return Policy.objects.create(
        project=project,
        version=last + 1,
        kind=new.kind,
        human_budget=new.human_budget,
        seed=new.seed,
        ask_models=new.ask_models,
        settings=new.settings or {},
    )


def _checked(kind: str, human_budget: int | None, settings: dict[str, Any]) -> PolicySettings:
    if kind not in PolicyKind.values:
        raise InvalidSetting(
            "There is no such policy.", field="kind", cure=f"Choose one of {', '.join(PolicyKind.values)}."
        )
    if human_budget is not None and human_budget < 0:
        raise InvalidSetting(
            "A budget cannot be negative.", field="human_budget", cure="Give 0 or more items."
        )
    used = PolicySettings.read(settings)
    if not 0 <= used.audit <= 1:
        raise InvalidSetting("The audit is a share of the budget.", field="audit", cure="Give 0 to 100 %.")
    if used.retrain_every < 0:
        raise InvalidSetting(
            "The number of labels cannot be negative.", field="retrain_every", cure="Give 0 for never."
        )
    return used


@transaction.atomic
def route_items(*, policy: Policy, item_ids: Sequence[int] | None = None) -> RoutingReport:
    """Route every item that has no route under this policy yet, and a pair where two are compared.

    Running it again routes only what came since; what was routed keeps its route. An item that a person has
    begun under an earlier version stays with people and counts against the budget; no other is bound by
    earlier versions. The budget counts items under this policy version, and is never passed: the row lock on
    the policy makes two runs at once take turns.
    """
    Policy.objects.select_for_update().get(pk=policy.pk)
    kept = _keep_begun(policy)
    items = pairable_items(policy.project).exclude(routes__policy=policy)
    if item_ids is not None:
        items = items.filter(pk__in=list(item_ids))
    waiting = sorted(items.values_list("key", "pk"))
    spent = policy.routes.exclude(target=Target.MODEL).count()
    left = len(waiting) if policy.human_budget is None else max(0, policy.human_budget - spent)
    if left < len(waiting) and (why := why_no_model_alone(policy.project)):
        raise InvalidSetting(
            f"No model may label alone here. {why}",
            field="human_budget",
            cure="Raise the budget for people, make a better judge, or change the threshold in the settings.",
        )
    if policy.kind in PLAIN and not policy.settings.get("required"):
        routes = _plain_routes(policy, waiting, left)
    else:
        routes = _ranked_routes(policy, waiting, left)
    routes += _lone_routes(policy, item_ids, left - sum(one.target != Target.MODEL for one in routes))
    Route.objects.bulk_create(routes, batch_size=500)
    to_people = sorted(one.item_id for one in routes if one.target != Target.MODEL)
    others = sorted(one.item_id for one in routes if one.target == Target.MODEL)
    want_seats(item_ids=to_people, wanted=first_seats(project=policy.project))
    if policy.version > 1:
        # Seats that an earlier version opened and nobody has taken.
        want_seats(item_ids=others, wanted=0)
    return RoutingReport(
        policy_id=policy.pk,
        version=policy.version,
        routed=len(routes),
        people=len(to_people),
        models=len(waiting) if policy.ask_models else len(others),
        kept=kept,
    )


def _lone_routes(policy: Policy, item_ids: Sequence[int] | None, left: int) -> list[Route]:
    """Items of one response, where each is judged by itself: no policy ranks them, so people have them in
    order while the budget lasts. The others are for models, and wait for more where no model may label
    alone."""
    items = judgeable_items(policy.project).exclude(pk__in=pairable_items(policy.project).values("pk"))
    items = items.exclude(routes__policy=policy)
    if item_ids is not None:
        items = items.filter(pk__in=list(item_ids))
    found = list(items.order_by("key").values_list("pk", flat=True))
    fit = len(found) if policy.human_budget is None else max(0, left)
    asked = fit if fit < len(found) and why_no_model_alone(policy.project) else len(found)
    people = "It has one response and no pair, so people are asked."
    models = "It has one response and no pair, and the budget for people is spent."
    return [
        Route(
            item_id=pk,
            policy=policy,
            target=_target(policy, place < fit),
            reason=people if place < fit else models,
            probability=float(place < fit),
        )
        for place, pk in enumerate(found[:asked])
    ]


def _keep_begun(policy: Policy) -> int:
    """Carry over the routes of items that a person holds or has judged on one of their seats."""
    before = policy.project.policies.filter(version__lt=policy.version).order_by("-version").first()
    if before is None:
        return 0
    begun = Assignment.objects.filter(item=OuterRef("item"), seated=True, state__in=SEATED_STATES)
    known = Route.objects.filter(item=OuterRef("item"), policy=policy)
    earlier = Route.objects.filter(Exists(begun), ~Exists(known), policy=before).exclude(target=Target.MODEL)
    kept = [
        Route(
            item_id=route.item_id,
            policy=policy,
            target=route.target,
            reason=f"Kept from version {before.version}, for people have begun: {_plain(route.reason)}",
            probability=route.probability,
            expected_gain=route.expected_gain,
        )
        for route in earlier.order_by("item_id")
    ]
    Route.objects.bulk_create(kept, batch_size=500)
    return len(kept)


def _plain(reason: str) -> str:
    """The first reason of an item, however often it was kept."""
    return reason.rpartition("people have begun: ")[2]


def _plain_routes(policy: Policy, waiting: list[tuple[str, int]], left: int) -> list[Route]:
    to_people = _drawn(policy, waiting, left)
    share = min(1.0, left / len(waiting)) if waiting else 0.0
    return [_plain_route(policy, pk, pk in to_people, share, left, len(waiting)) for _key, pk in waiting]


def _drawn(policy: Policy, waiting: list[tuple[str, int]], left: int) -> set[int]:
    """The items for people: all that fit, in an order drawn from the seed and the items' own content."""

    def draw(pair: tuple[str, int]) -> bytes:
        return hashlib.sha256(f"route:{policy.seed}:{pair[0]}".encode()).digest()

    return {pk for _key, pk in sorted(waiting, key=draw)[:left]}


def _plain_route(
    policy: Policy, item_id: int, to_person: bool, share: float, left: int, waiting: int
) -> Route:
    if policy.kind == PolicyKind.EVERYONE and policy.human_budget is None:
        reason = "Everything goes to people under this policy."
    elif to_person:
        reason = f"Drawn at random for people: {min(left, waiting)} of {waiting} items fit the budget."
    else:
        reason = f"Not drawn: the budget for people held {left} of {waiting} items."
    return Route(
        item_id=item_id,
        policy=policy,
        target=_target(policy, to_person),
        reason=reason,
        probability=share,
    )


def _ranked_routes(policy: Policy, waiting: list[tuple[str, int]], left: int) -> list[Route]:
    """By rank, with what must go to people first and a random audit of known probability."""
    import numpy as np

    from curation.numerics.routing.allocation import allocate

    if not waiting:
        return []
    settings = PolicySettings.read(policy.settings)
    ranking = rank_items(policy, waiting, budget=left)
    required = np.array([bool(one) for one in ranking.must])
    # A further run draws anew: what is left of the seed is the number of items routed before.
    seed = policy.seed % 2**32 + policy.routes.count()
    found = allocate(ranking.worth, required, budget=left, audit=settings.audit, seed=seed)
    _send_to_experts(settings, waiting, ranking, found.people.tolist())
    share = min((one for one in found.probability.tolist() if one < 1), default=0.0)
    return [
        Route(
            item_id=pk,
            policy=policy,
            target=_target(policy, bool(found.people[row])),
            reason=_reason(str(found.why[row]), ranking, row, share=share, left=left, waiting=len(waiting)),
            probability=min(1.0, float(found.probability[row])),
            expected_gain=ranking.gain[row],
        )
        for row, (_key, pk) in enumerate(waiting)
    ]


def _reason(why: str, ranking: Ranking, row: int, *, share: float, left: int, waiting: int) -> str:
    thought = ranking.why[row]
    if why == "required":
        return f"Must go to people, for its tag is “{ranking.must[row]}”. For the rest, {thought}."
    if why == "audit":
        return (
            f"Drawn for the random audit: people check {share:.1%} of what is left to models. "
            f"By rank it was not first: {thought}."
        )
    if why == "ranked":
        return f"Among the {min(left, waiting)} of {waiting} items that the budget holds: {thought}."
    if ranking.must[row]:
        return f"Its tag “{ranking.must[row]}” asks for people, but the budget is spent; {thought}."
    return f"Left to models, for the budget held {left} of {waiting} items: {thought}."


def _send_to_experts(
    settings: PolicySettings, waiting: list[tuple[str, int]], ranking: Ranking, people: list[bool]
) -> None:
    """Ask for judges who know an item's subject."""
    for subject, expertise in sorted(settings.experts.items()):
        chosen = [
            pk for row, (_key, pk) in enumerate(waiting) if people[row] and subject in ranking.subjects[row]
        ]
        for start in range(0, len(chosen), 500):
            Item.objects.filter(pk__in=chosen[start : start + 500]).update(expertise=expertise)


def _target(policy: Policy, to_person: bool) -> Target:
    asked = Target.BOTH if policy.ask_models else Target.PERSON
    return asked if to_person else Target.MODEL


@transaction.atomic
def send_to_people(*, project: Project, item_ids: Sequence[int], reason: str) -> int:
    """Send chosen items to one more person each than have judged or hold them; returns how many.

    Their route under the policy in force is rewritten with the reason, and its probability is 1: they were
    chosen by hand and are no part of a random draw any more. Raises InvalidSetting without a policy.
    """
    policy = current_policy(project=project)
    if policy is None:
        raise InvalidSetting("There is no policy yet.", cure="Route the items once, then send some back.")
    items = list(judgeable_items(project).filter(pk__in=list(item_ids)).values_list("pk", "seats_taken"))
    for pk, taken in items:
        Route.objects.update_or_create(
            item_id=pk,
            policy=policy,
            defaults={"target": _target(policy, True), "reason": reason, "probability": 1.0},
        )
        want_seats(item_ids=[pk], wanted=taken + 1)
    return len(items)
