"""Who holds which item: take, renew, skip, give back, undo."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from annotate.enums import AssignmentState, JudgmentState
from annotate.errors import LeaseLost
from annotate.models import Assignment, Guideline, Item, Judge, Project
from annotate.selectors.queue import next_open_item, open_leases
from annotate.services.clock import database_now_plus
from annotate.services.seats import free_seat, hold_seats, take_seat
from annotate.shuffling import shown_order

# How often a lost race for an item is run again before the judge is told there is nothing.
MAX_RACES = 50


def take_next(*, project: Project, judge: Judge) -> Assignment | None:
    """Lease the judge's next item: the one they hold already, else the next open one on their ring."""
    reclaim_lapsed(project=project)
    for _race in range(MAX_RACES):
        held = open_leases(judge=judge).first()
        if held is not None:
            try:
                return renew_lease(assignment=held, token=held.lease_token)
            except LeaseLost:
                # Answered or passed in the judge's other window since it was looked up.
                continue
        item = next_open_item(judge=judge)
        if item is None:
            return None
        assignment = _try_seat(item=item, judge=judge)
        if assignment is not None:
            return assignment
    return None


def _try_seat(*, item: Item, judge: Judge) -> Assignment | None:
    """Take a seat and the lease together, or neither: the constraint on (item, judge, round) has the last
    word."""
    try:
        with transaction.atomic():
            if not take_seat(item_id=item.pk):
                return None
            assignment = lease_item(
                item=item, judge=judge, order=order_for(item=item, judge=judge), seated=True
            )
            Judge.objects.filter(pk=judge.pk).update(queue_cursor=item.key)
            judge.queue_cursor = item.key
            return assignment
    except (IntegrityError, LeaseLost):
        return None


def lease_item(*, item: Item, judge: Judge, order: list[int], seated: bool, round: int = 0) -> Assignment:
    """Lease this item to this judge; a lapsed lease of theirs is taken up again under a new token.

    Raises LeaseLost when the judge already holds or answered it.
    """
    until = database_now_plus(timedelta(minutes=item.project.lease_minutes))
    guideline = current_guideline(project_id=item.project_id)
    token = uuid.uuid4()
    try:
        with transaction.atomic():
            return _new_lease(item, judge, round, token, until, order, guideline, seated)
    except IntegrityError:
        earlier = Assignment.objects.filter(item=item, judge=judge, round=round)
    if not earlier.filter(state=AssignmentState.EXPIRED).update(
        state=AssignmentState.LEASED,
        lease_token=token,
        leased_until=until,
        taken_at=Now(),
        guideline=guideline,
        seated=seated,
    ):
        raise LeaseLost("This judge has had this item already.")
    return earlier.select_related("item", "item__project", "judge").get()


def _new_lease(
    item: Item,
    judge: Judge,
    round: int,
    token: uuid.UUID,
    until: Any,
    order: list[int],
    guideline: Guideline | None,
    seated: bool,
) -> Assignment:
    assignment = Assignment(
        item=item,
        judge=judge,
        round=round,
        lease_token=token,
        order=order,
        guideline=guideline,
        seated=seated,
    )
    assignment.leased_until = until  # computed by the database on insert
    assignment.save(force_insert=True)
    if seated:
        # Only a person sees when the lease ends.
        assignment.refresh_from_db(fields=["leased_until"])
    return assignment


def renew_lease(*, assignment: Assignment, token: uuid.UUID) -> Assignment:
    """Push the lease's end out again; LeaseLost when it is no longer the caller's."""
    until = database_now_plus(timedelta(minutes=assignment.item.project.lease_minutes))
    if not _held(assignment, token).update(leased_until=until):
        raise LeaseLost("This item is no longer kept for you.")
    assignment.refresh_from_db(fields=["leased_until", "state"])
    return assignment


@transaction.atomic
def skip_assignment(*, assignment: Assignment, token: uuid.UUID, reason: str = "") -> Assignment:
    """Pass on an item: the seat goes back, and this judge is not asked again."""
    if assignment.seated:
        hold_seats(item_id=assignment.item_id)
    moved = _held(assignment, token).update(
        state=AssignmentState.SKIPPED, done_at=timezone.now(), skip_reason=reason, leased_until=None
    )
    if not moved:
        raise LeaseLost("This item is no longer kept for you.")
    if assignment.seated:
        free_seat(item_id=assignment.item_id)
    assignment.refresh_from_db()
    return assignment


@transaction.atomic
def revoke_assignment(*, assignment: Assignment) -> bool:
    """Take a lease away from its judge; the seat goes back once."""
    if assignment.seated:
        hold_seats(item_id=assignment.item_id)
    open_lease = Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.LEASED)
    if not open_lease.update(state=AssignmentState.REVOKED, leased_until=None, lease_token=uuid.uuid4()):
        return False
    if assignment.seated:
        free_seat(item_id=assignment.item_id)
    return True


def reclaim_lapsed(*, project: Project | None = None, limit: int = 200) -> int:
    """Give back the seats of leases that ran out; returns how many."""
    lapsed = Assignment.objects.filter(state=AssignmentState.LEASED, leased_until__lt=Now())
    if project is not None:
        lapsed = lapsed.filter(item__project=project)
    freed = 0
    for pk, item_id, seated in lapsed.values_list("pk", "item_id", "seated").order_by("leased_until", "pk")[
        :limit
    ]:
        with transaction.atomic():
            if seated:
                hold_seats(item_id=item_id)
            # Asked again in the UPDATE: a heartbeat may have renewed it since it was listed.
            still = Assignment.objects.filter(pk=pk, state=AssignmentState.LEASED, leased_until__lt=Now())
            if still.update(state=AssignmentState.EXPIRED, leased_until=None, lease_token=uuid.uuid4()):
                freed += 1
                if seated:
                    free_seat(item_id=item_id)
    return freed


@transaction.atomic
def undo_last(*, project: Project, judge: Judge) -> Assignment | None:
    """Open the judge's last submit or skip again; None when there is none, or its seat is gone."""
    last = (
        Assignment.objects.filter(
            judge=judge, item__project=project, state__in=(AssignmentState.DONE, AssignmentState.SKIPPED)
        )
        .order_by("-done_at", "-pk")
        .first()
    )
    if last is None:
        return None
    if last.state == AssignmentState.SKIPPED and last.seated and not take_seat(item_id=last.item_id):
        return None
    until = database_now_plus(timedelta(minutes=project.lease_minutes))
    moved = Assignment.objects.filter(pk=last.pk, state=last.state, done_at=last.done_at).update(
        state=AssignmentState.LEASED,
        lease_token=uuid.uuid4(),
        leased_until=until,
        done_at=None,
        skip_reason="",
    )
    if not moved:
        raise LeaseLost("This answer changed in another window.")
    last.judgments.filter(state=JudgmentState.CURRENT).update(state=JudgmentState.WITHDRAWN)
    last.refresh_from_db()
    return last


def order_for(*, item: Item, judge: Judge) -> list[int]:
    """Shuffle the sides for this judge and item: stable on reload, and not to be guessed from any id sent."""
    positions = list(item.candidates.order_by("position").values_list("position", flat=True)[:2])
    name = f"{judge.kind}:{judge.name}:{judge.version}"
    return [positions[place] for place in shown_order(item.project.seed, name, item.key, len(positions))]


def current_guideline(*, project_id: int) -> Guideline | None:
    return Guideline.objects.filter(project_id=project_id).order_by("-version").first()


def _held(assignment: Assignment, token: uuid.UUID):  # type: ignore[no-untyped-def]  # a queryset of one row
    return Assignment.objects.filter(pk=assignment.pk, lease_token=token, state=AssignmentState.LEASED)
