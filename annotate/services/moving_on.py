"""An answer and the next item, which is one step for whoever judges."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from django.db import IntegrityError, transaction

from annotate.errors import WinnowError
from annotate.models import Assignment
from annotate.services.assignments import hold_judge, take_held, take_next
from annotate.services.judgments import moves_seats


class Record(Protocol):
    """Stores an answer; ``joined``: as a part of a transaction that is given up when it is refused."""

    def __call__(self, *, joined: bool) -> object: ...


def answer_and_take(
    *, assignment: Assignment, record: Record, besides: Collection[int] = ()
) -> Assignment | None:
    """Store the answer with ``record`` and lease the judge's next item; what ``record`` raises is passed on.

    Both in one transaction in the usual case: one wait for the disk instead of two. Where anything stands in
    the way, that is given up and each is done by itself, so an answer never depends on there being a next
    item; ``record`` may therefore be called twice. Whoever's answer locks its item does both apart from the
    beginning: two judges who each hold an item and want the other's would wait for each other.
    """
    project, judge = assignment.item.project, assignment.judge
    if not moves_seats(assignment=assignment):
        try:
            with transaction.atomic():
                hold_judge(judge=judge)
                record(joined=True)
                ahead = take_held(project=project, judge=judge, besides=besides)
        except (IntegrityError, WinnowError):
            assignment.refresh_from_db(fields=["state", "revisions"])
        else:
            return ahead or take_next(project=project, judge=judge, besides=besides)
    record(joined=False)
    return take_next(project=project, judge=judge, besides=besides)
