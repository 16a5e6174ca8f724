"""Submitting again is harmless: the client makes a key, and one key is answered once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotate.errors import KeyReused, WinnowError
from annotate.models import Submission
from annotate.prepared import PreparedInsert

KEPT_FOR = timedelta(days=30)
_KEEP = PreparedInsert(Submission)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: dict[str, Any]
    repeated: bool = False


def submit_once(
    *,
    user: User,
    key: uuid.UUID,
    digest: str,
    act: Callable[[], tuple[int, dict[str, Any]]],
    joined: bool = False,
) -> Reply:
    """Run ``act`` once per key, in one transaction with the stored reply; later calls get that reply.

    Raises KeyReused when the key came before with another body. What ``act`` raises is passed on and
    nothing is stored, so that a corrected form may use its key again.

    The usual case costs one INSERT: whether the key came before is only asked when ``act`` or the constraint
    refuses. Of two simultaneous requests the second is stopped by what the first changed, or waits at the
    constraint and takes its own ``act`` back: so ``act`` may do nothing outside the database.

    ``joined``: as a part of the caller's transaction, which is given up with it when anything is refused.
    """
    try:
        with transaction.atomic(savepoint=not joined):
            status, body = act()
            _KEEP.run(Submission(user=user, key=key, digest=digest, status=status, reply=body))
            return Reply(status, body)
    except (IntegrityError, WinnowError):
        earlier = None if joined else _earlier_reply(user, key, digest)
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
