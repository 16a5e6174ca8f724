"""Submitting again is harmless: the client makes a key, and one key is answered once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotate.errors import KeyReused
from annotate.models import Submission

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: dict[str, Any]
    repeated: bool = False


def submit_once(
    *, user: User, key: uuid.UUID, digest: str, act: Callable[[], tuple[int, dict[str, Any]]]
) -> Reply:
    """Run ``act`` once per key, in one transaction with the stored reply; later calls get that reply.

    Raises KeyReused when the key came before with another body. What ``act`` raises is passed on and
    nothing is stored, so that a corrected form may use its key again.
    """
    earlier = _earlier_reply(user, key, digest)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            # Taken first: the second of two simultaneous requests waits here, then fails on the constraint.
            slot = Submission.objects.create(user=user, key=key, digest=digest, status=0, reply={})
            slot.status, slot.reply = act()
            slot.save(update_fields=["status", "reply"])
            return Reply(slot.status, slot.reply)
    except IntegrityError:
        earlier = _earlier_reply(user, key, digest)
        if earlier is None:
            raise
        return earlier


def forget_old_submissions(*, at: datetime) -> int:
    return Submission.objects.filter(created_at__lt=at - KEPT_FOR).delete()[0]


def _earlier_reply(user: User, key: uuid.UUID, digest: str) -> Reply | None:
    row = Submission.objects.filter(user=user, key=key).first()
    if row is None:
        return None
    if row.digest != digest:
        raise KeyReused("This submission key was used for another answer.")
    return Reply(row.status, row.reply, repeated=True)
