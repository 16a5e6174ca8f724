"""What a model judge may spend, how fast it may ask, and when its endpoint is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Now

from annotate.errors import InvalidSetting, JudgeStopped, SpendCapReached
from annotate.models import Allowance, Project
from annotate.services.clock import database_now_plus

MILLION = 1_000_000
# So many failures in a row, and the endpoint is left alone; then one call tries it again.
PATIENCE = 5
REST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Wait:
    """A call that is not granted yet: ``seconds`` until it is worth asking again, and why. ``resting``:
    because the endpoint is left alone."""

    seconds: float
    reason: str
    resting: bool = False


def allowance_of(*, project: Project, name: str) -> Allowance:
    allowance, _created = Allowance.objects.get_or_create(project=project, name=name)
    return allowance


@transaction.atomic
def set_limits(
    *,
    allowance: Allowance,
    spend_cap: int | None,
    price_in: int = 0,
    price_out: int = 0,
    calls_per_minute: int = 0,
) -> Allowance:
    """Change caps and prices, in millionths. A cap below what is spent stops further calls and takes nothing
    back."""
    for field, value in (
        ("spend_cap", spend_cap),
        ("price_in", price_in),
        ("price_out", price_out),
        ("calls_per_minute", calls_per_minute),
    ):
        if value is not None and not 0 <= value < 1 << 62:
            raise InvalidSetting("This number cannot be.", field=field, cure="Give 0 or more.")
    Allowance.objects.filter(pk=allowance.pk).update(
        spend_cap=spend_cap, price_in=price_in, price_out=price_out, calls_per_minute=calls_per_minute
    )
    allowance.refresh_from_db()
    return allowance


def price_of(allowance: Allowance, *, tokens_in: int, tokens_out: int) -> int:
    """Millionths, rounded up: what is charged is never more than was reserved."""
    return -(-(tokens_in * allowance.price_in + tokens_out * allowance.price_out) // MILLION)


def grant_call(*, allowance: Allowance, at_most: int) -> Wait | None:
    """Let one call go and hold back what it may cost at most; or say how long to wait.

    One UPDATE with every condition in it: of calls that ask at once, no more pass than cap and rate hold.
    Raises SpendCapReached, or JudgeStopped with the reason.
    """
    free = (
        Q(stopped="")
        & (Q(spend_cap=None) | Q(spend_cap__gte=F("spent") + F("reserved") + at_most))
        & (Q(next_call_at=None) | Q(next_call_at__lte=Now()))
        & (Q(resting_until=None) | Q(resting_until__lte=Now()))
    )
    gap = 60.0 / allowance.calls_per_minute if allowance.calls_per_minute else 0.0
    none = Value(None, output_field=DateTimeField())
    granted = Allowance.objects.filter(free, pk=allowance.pk).update(
        reserved=F("reserved") + at_most,
        calls=F("calls") + 1,
        next_call_at=database_now_plus(timedelta(seconds=gap)) if gap else None,
        # While it was resting only one call may try it; the others wait for what becomes of that.
        resting_until=Case(When(failures__gte=PATIENCE, then=database_now_plus(REST)), default=none),
    )
    return None if granted else _why_not(allowance, at_most)


def refuse_stopped(allowance: Allowance) -> None:
    """Raises JudgeStopped with the reason where the judge was stopped."""
    if allowance.stopped:
        raise JudgeStopped(
            f"This judge is stopped: {allowance.stopped}", cure="A lead can let it go on, on its page."
        )


def _why_not(allowance: Allowance, at_most: int) -> Wait:
    row, now = Allowance.objects.filter(pk=allowance.pk).values_list("pk", Now()).get()
    found = Allowance.objects.get(pk=row)
    refuse_stopped(found)
    if found.resting_until is not None and found.resting_until > now:
        reason = f"The endpoint failed {found.failures} times in a row and rests."
        return Wait(_until(found.resting_until, now), reason, resting=True)
    if found.spend_cap is not None and found.spent + found.reserved + at_most > found.spend_cap:
        if found.reserved:
            # What is under way may turn out cheaper than was held back for it.
            return Wait(2.0, "What calls under way may cost has reached the spend cap.")
        raise SpendCapReached(
            f"The next call may cost {money(at_most)}, and of {money(found.spend_cap)} are "
            f"{money(max(found.spend_cap - found.spent, 0))} left."
        )
    return Wait(_until(found.next_call_at, now), "The rate cap holds the next call back.")


def _until(at: datetime | None, now: datetime) -> float:
    return max((at - now).total_seconds(), 0.01) if at is not None else 0.01


def settle_call(*, allowance: Allowance, reserved: int, price: int, failed: bool) -> None:
    """End a call: what was held back is freed, what it cost is counted. A failure brings rest nearer, a reply
    ends it."""
    changes = {"reserved": F("reserved") - reserved, "spent": F("spent") + price}
    rows = Allowance.objects.filter(pk=allowance.pk)
    if not failed:
        rows.update(**changes, failures=0, resting_until=None)
        return
    rows.update(
        **changes,
        failures=F("failures") + 1,
        resting_until=Case(
            When(failures__gte=PATIENCE - 1, then=database_now_plus(REST)), default=F("resting_until")
        ),
    )


def forfeit(*, allowance: Allowance, reserved: int) -> None:
    """Count what was held back as spent, and say nothing about how the endpoint is."""
    Allowance.objects.filter(pk=allowance.pk).update(
        reserved=F("reserved") - reserved, spent=F("spent") + reserved
    )


def note_canaries(*, allowance: Allowance, asked: int, passed: int) -> Allowance:
    Allowance.objects.filter(pk=allowance.pk).update(
        canaries_asked=F("canaries_asked") + asked, canaries_passed=F("canaries_passed") + passed
    )
    allowance.refresh_from_db()
    return allowance


def stop_judge(*, allowance: Allowance, reason: str) -> None:
    Allowance.objects.filter(pk=allowance.pk, stopped="").update(stopped=reason[:500])


def resume_judge(*, allowance: Allowance) -> None:
    """Let a stopped judge go on, with its canaries counted anew and its endpoint tried at once."""
    Allowance.objects.filter(pk=allowance.pk).update(
        stopped="", canaries_asked=0, canaries_passed=0, failures=0, resting_until=None
    )


def money(millionths: int) -> str:
    """Millionths as a plain number with at least two decimals."""
    whole, part = divmod(millionths, MILLION)
    text = f"{part:06d}".rstrip("0")
    return f"{whole}.{text.ljust(2, '0')}"
