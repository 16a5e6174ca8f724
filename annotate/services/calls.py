"""Questions to models: each is paid for once, whoever asks it and however often."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from annotate.enums import CallState
from annotate.models import Allowance, Item, Judge, JudgeCall
from annotate.services.allowances import Wait, forfeit, grant_call, price_of, settle_call
from annotate.services.clock import database_now_plus

# Longer than any exchange may take; a call whose asker died is free again after it.
LEASE = timedelta(seconds=180)
KEPT_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class NewCall:
    """A question about to be put. ``key`` names everything that is sent; ``at_most``: what it may cost."""

    key: str
    judge: Judge
    item: Item | None
    question: str = ""
    part: str = ""
    shown: tuple[int, ...] = ()
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a model replied. Tokens are None where nobody counted them."""

    reply: str = ""
    reading: dict[str, Any] | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None


@transaction.atomic
def begin_call(*, new: NewCall, allowance: Allowance) -> JudgeCall | Wait:
    """The call with its reply where there is one; else the call as the caller's to make; else how long to
    wait.

    Raises SpendCapReached or JudgeStopped. The row is there before anything is sent: where the asker dies,
    nobody asks again until its lease has lapsed.
    """
    project_id = new.judge.project_id
    known = JudgeCall.objects.filter(project_id=project_id, key=new.key).first()
    if known is not None and known.state == CallState.ANSWERED:
        return known
    free = Q(state=CallState.LOST) | Q(state=CallState.ASKED, leased_until__lt=Now())
    token = uuid.uuid4()
    if known is not None:
        taken = JudgeCall.objects.filter(free, pk=known.pk).update(
            state=CallState.ASKED,
            token=token,
            leased_until=database_now_plus(LEASE),
            attempts=F("attempts") + 1,
            reserved=new.at_most,
        )
        if not taken:
            return Wait(2.0, "Another worker is asking this very question.")
        if known.state == CallState.ASKED:
            # Its asker died: what was held back for it counts as spent, for it may have been.
            forfeit(allowance=allowance, reserved=known.reserved)
            JudgeCall.objects.filter(pk=known.pk).update(price=F("price") + known.reserved)
    else:
        try:
            with transaction.atomic():
                known = _row(new, token=token, reserved=new.at_most)
                known.leased_until = database_now_plus(LEASE)
                known.save(force_insert=True)
        except IntegrityError:
            return Wait(2.0, "Another worker is asking this very question.")
    wait = grant_call(allowance=allowance, at_most=new.at_most)
    if wait is not None:
        JudgeCall.objects.filter(pk=known.pk, token=token).update(state=CallState.LOST, reserved=0)
        return wait
    return JudgeCall.objects.get(pk=known.pk)


@transaction.atomic
def keep_reply(*, call: JudgeCall, allowance: Allowance, told: Told) -> JudgeCall:
    """Store what came back and count what it cost: all that was held back where the endpoint does not say."""
    counted = told.tokens_in is not None and told.tokens_out is not None
    price = (
        price_of(allowance, tokens_in=told.tokens_in or 0, tokens_out=told.tokens_out or 0)
        if counted
        else call.reserved
    )
    kept = JudgeCall.objects.filter(pk=call.pk, token=call.token, state=CallState.ASKED).update(
        state=CallState.ANSWERED,
        reply=told.reply[:KEPT_CHARACTERS],
        reading=told.reading,
        tokens_in=told.tokens_in,
        tokens_out=told.tokens_out,
        seconds=told.seconds,
        price=F("price") + price,
        reserved=0,
        leased_until=None,
        error="",
    )
    if kept:
        settle_call(allowance=allowance, reserved=call.reserved, price=price, failed=False)
    call.refresh_from_db()
    return call


@transaction.atomic
def lose_call(*, call: JudgeCall, allowance: Allowance, error: str, charged: bool) -> None:
    """No reply came. ``charged``: the question had been sent, so what was held back counts as spent."""
    price = call.reserved if charged else 0
    lost = JudgeCall.objects.filter(pk=call.pk, token=call.token, state=CallState.ASKED).update(
        state=CallState.LOST, error=error[:500], price=F("price") + price, reserved=0, leased_until=None
    )
    if lost:
        settle_call(allowance=allowance, reserved=call.reserved, price=price, failed=True)


def keep_free_replies(told: Sequence[tuple[NewCall, Told]]) -> None:
    """Log what a local model said, which costs nothing; a reply that is there already stays as it is."""
    JudgeCall.objects.bulk_create(
        [
            _row(
                new,
                state=CallState.ANSWERED,
                reply=one.reply[:KEPT_CHARACTERS],
                reading=one.reading,
                tokens_in=one.tokens_in,
                tokens_out=one.tokens_out,
                seconds=one.seconds,
            )
            for new, one in told
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def _row(new: NewCall, **more: Any) -> JudgeCall:
    return JudgeCall(
        project_id=new.judge.project_id,
        judge=new.judge,
        item=new.item,
        key=new.key,
        question=new.question,
        part=new.part,
        shown=list(new.shown),
        **more,
    )
