"""Who holds which item: take, renew, skip, give back, undo."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import BigAutoField, CharField, DurationField, F
from django.db.models.functions import Now
from django.utils import timezone

from annotate.enums import (
    UNDOABLE_STATES,
    AssignmentState,
    FlagState,
    JudgeStanding,
    JudgmentState,
)
from annotate.errors import LeaseLost
from annotate.models import Assignment, Item, Judge, Project
from annotate.prepared import PreparedInsert, PreparedUpdate, keep_none, keep_related
from annotate.questions.subject import MOST_CANDIDATES
from annotate.selectors.guidelines import current_guideline
from annotate.selectors.queue import candidates_of, held_lease, held_pks
from annotate.services.clock import database_now_plus
from annotate.services.doubts import reconsider_doubt
from annotate.services.seats import free_seat, hold_seats, take_seat
from annotate.services.turns import Turn, next_turn
from annotate.shuffling import shown_order

# How often a lost race for an item is run again before the judge is told there is nothing.
MAX_RACES = 50


_MOVE_ON = PreparedUpdate(
    lambda judge, cursor: (
        Judge.objects.filter(pk=judge, standing=JudgeStanding.ACTIVE),
        {"taken": F("taken") + 1, "queue_cursor": cursor},
    ),
    judge=BigAutoField(),
    cursor=CharField(),
)
_LEASE = PreparedInsert(
    Assignment,
    ignore_conflicts=True,
    computed=lambda span: {"leased_until": database_now_plus(span)},
    span=DurationField(),
)


def take_next(*, project: Project, judge: Judge, besides: Collection[int] = ()) -> Assignment | None:
    """Lease the judge's next item: the one they hold already, else a new one.

    ``besides`` are assignments that the caller has before them: the answer is another one. Nobody holds more
    than the project's ``max_open_leases``, and so asking ahead gives the same item however often it is asked.
    """
    for _race in range(MAX_RACES):
        try:
            with transaction.atomic():
                hold_judge(judge=judge)
                assignment = take_held(project=project, judge=judge, besides=besides)
        except (IntegrityError, LeaseLost):
            # Somebody took the seat, or the judge's other window answered what was held.
            judge.refresh_from_db(fields=["standing", "taken", "queue_cursor"])
            continue
        # Workers sweep up lapsed leases; nobody waits for them while there is something else to do.
        if assignment is not None or not reclaim_lapsed(project=project):
            return assignment
    return None


def hold_judge(*, judge: Judge) -> None:
    """Lock the judge until the transaction ends: of two windows that ask at once, the second waits here.
    SQLite needs no statement for it, for a transaction that will write has the whole file."""
    if connection.features.has_select_for_update:
        Judge.objects.select_for_update(no_key=True).filter(pk=judge.pk).values_list("pk").first()


def take_held(*, project: Project, judge: Judge, besides: Collection[int]) -> Assignment | None:
    """``take_next`` once, for a caller who holds the judge in a transaction: seat and lease together.

    Raises LeaseLost or IntegrityError when somebody else was faster; the transaction has to be given up then.
    """
    held = held_pks(judge=judge)
    another = next((pk for pk in held if pk not in besides), None)
    if another is not None:
        other = held_lease(judge=judge, pk=another)
        if other is None:
            raise LeaseLost("This item is no longer kept for you.")
        return renew_lease(assignment=other, token=other.lease_token)
    if len(held) >= project.max_open_leases:
        return None
    turn = next_turn(project=project, judge=judge)
    return None if turn is None else _take_turn(turn, judge)


def _take_turn(turn: Turn, judge: Judge) -> Assignment:
    """The constraint on (item, judge, round) has the last word."""
    cursor = turn.item.key if turn.seated else judge.queue_cursor
    if not _MOVE_ON.run(judge=judge.pk, cursor=cursor):
        raise LeaseLost("This judge takes no items.")
    if turn.seated and not take_seat(item_id=turn.item.pk):
        raise LeaseLost("The last seat of this item was taken meanwhile.")
    # Fetched once, for the order and for the page.
    keep_related(turn.item, "candidates", candidates_of(item=turn.item))
    order = turn.order or order_for(item=turn.item, judge=judge)
    assignment = lease_item(item=turn.item, judge=judge, order=order, seated=turn.seated, round=turn.round)
    judge.taken += 1
    judge.queue_cursor = cursor
    return assignment


def lease_item(*, item: Item, judge: Judge, order: list[int], seated: bool, round: int = 0) -> Assignment:
    """Lease this item to this judge; a lapsed lease of theirs is taken up again under a new token.

    Raises LeaseLost when the judge already holds or answered it.
    """
    span = timedelta(minutes=item.project.lease_minutes)
    until = database_now_plus(span)
    guideline = current_guideline(project_id=item.project_id)
    token = uuid.uuid4()
    new = Assignment(item=item, judge=judge, round=round, lease_token=token, order=order, seated=seated)
    new.guideline = guideline
    if _LEASE.run(new, span=span):
        keep_none(new, "draft")
        return new
    lease = Assignment.objects.filter(item=item, judge=judge, round=round)
    if not lease.filter(state=AssignmentState.EXPIRED).update(
        state=AssignmentState.LEASED,
        lease_token=token,
        leased_until=until,
        taken_at=Now(),
        guideline=guideline,
        seated=seated,
    ):
        raise LeaseLost("This judge has had this item already.")
    return lease.select_related("item", "item__project", "judge", "draft").get()


@transaction.atomic
def lease_grown_item(*, item: Item, judge: Judge, order: list[int]) -> Assignment:
    """Lease an item anew to a judge who answered about its one response, now that it has more.

    The answer of then is history from here on. Raises LeaseLost where there is none such.
    """
    lease = Assignment.objects.filter(item=item, judge=judge, round=0)
    token = uuid.uuid4()
    if not lease.filter(state=AssignmentState.DONE, order=[0]).update(
        state=AssignmentState.LEASED,
        lease_token=token,
        leased_until=database_now_plus(timedelta(minutes=item.project.lease_minutes)),
        taken_at=Now(),
        done_at=None,
        order=order,
        guideline=current_guideline(project_id=item.project_id),
    ):
        raise LeaseLost("This judge has had this item already.")
    found = lease.select_related("item", "item__project", "judge", "draft").get()
    found.judgments.filter(state=JudgmentState.CURRENT).update(state=JudgmentState.REPLACED)
    return found


def renew_lease(*, assignment: Assignment, token: uuid.UUID) -> Assignment:
    """Push the lease's end out again; LeaseLost when it is no longer the caller's."""
    until = database_now_plus(timedelta(minutes=assignment.item.project.lease_minutes))
    if not _held(assignment, token).update(leased_until=until):
        raise LeaseLost("This item is no longer kept for you.")
    assignment.refresh_from_db(fields=["leased_until", "state"])
    return assignment


def skip_assignment(*, assignment: Assignment, token: uuid.UUID, reason: str = "") -> Assignment:
    """Pass on an item: the seat goes back, and this judge is not asked again."""
    return pass_on(assignment=assignment, token=token, state=AssignmentState.SKIPPED, reason=reason)


@transaction.atomic
def pass_on(*, assignment: Assignment, token: uuid.UUID, state: AssignmentState, reason: str) -> Assignment:
    """Give the item back unanswered, skipped or flagged. Said twice, it is the same once."""
    if assignment.seated:
        hold_seats(item_id=assignment.item_id)
    moved = _held(assignment, token).update(
        state=state, done_at=timezone.now(), skip_reason=reason, leased_until=None
    )
    if not moved:
        assignment.refresh_from_db()
        if (assignment.state, assignment.lease_token) == (state, token):
            # The page sent it again, for it never saw the reply.
            return assignment
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
    """Open the judge's last submit, skip or flag again; None when there is none, or its seat is gone."""
    last = (
        Assignment.objects.filter(judge=judge, item__project=project, state__in=UNDOABLE_STATES)
        .order_by("-done_at", "-pk")
        .first()
    )
    if last is None or judge.standing != JudgeStanding.ACTIVE:
        return None
    gave_its_seat_back = last.seated and last.state != AssignmentState.DONE
    if gave_its_seat_back and not take_seat(item_id=last.item_id):
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
    if last.judgments.filter(state=JudgmentState.CURRENT).update(state=JudgmentState.WITHDRAWN):
        reconsider_doubt(item=last.item)
    last.flags.filter(state=FlagState.OPEN).update(state=FlagState.WITHDRAWN)
    last.refresh_from_db()
    return last


def order_for(*, item: Item, judge: Judge) -> list[int]:
    """Shuffle the candidates for this judge and item: stable on reload, not to be guessed from any id."""
    positions = sorted(one.position for one in item.candidates.all())[:MOST_CANDIDATES]
    name = f"{judge.kind}:{judge.name}:{judge.version}"
    return [positions[place] for place in shown_order(item.project.seed, name, item.key, len(positions))]


def _held(assignment: Assignment, token: uuid.UUID):  # type: ignore[no-untyped-def]  # a queryset of one row
    return Assignment.objects.filter(pk=assignment.pk, lease_token=token, state=AssignmentState.LEASED)
