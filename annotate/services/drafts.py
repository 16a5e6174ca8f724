"""What somebody has begun to answer, kept on the server: another browser, or the same one after a fall,
goes on where they were."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from annotate.errors import InvalidAnswer, LeaseLost
from annotate.models import Assignment, Draft

KEPT_FOR = timedelta(days=30)
MOST_CHARACTERS = 200_000


def save_draft(
    *, assignment: Assignment, token: uuid.UUID, digest: str, fields: Mapping[str, Sequence[str]]
) -> None:
    """Keep the fields of the form as they are, checked only for their size; nothing in them is an answer
    yet. Raises LeaseLost when the item is no longer the caller's."""
    if assignment.lease_token != token or assignment.leased_until is None:
        raise LeaseLost("This item is no longer kept for you.")
    if sum(len(name) + sum(map(len, sent)) for name, sent in fields.items()) > MOST_CHARACTERS:
        raise InvalidAnswer("This draft is too long.", cure=f"Keep it under {MOST_CHARACTERS:,} characters.")
    kept = {
        name.replace("\0", ""): [text.replace("\0", "").encode("utf-8", "replace").decode() for text in sent]
        for name, sent in fields.items()
    }
    Draft.objects.update_or_create(
        assignment=assignment, defaults={"digest": digest, "fields": kept, "saved_at": timezone.now()}
    )


def has_draft(assignment: Assignment) -> bool:
    """Without a query where the assignment was fetched together with its draft."""
    return getattr(assignment, "draft", None) is not None


def drop_draft(*, assignment: Assignment) -> None:
    Draft.objects.filter(assignment=assignment).delete()


def forget_old_drafts(*, at: datetime) -> int:
    return Draft.objects.filter(saved_at__lt=at - KEPT_FOR).delete()[0]
