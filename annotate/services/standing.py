"""The lead stops somebody, lets them go on, and says what they know."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from annotate.enums import AssignmentState, JudgeStanding
from annotate.errors import InvalidSetting
from annotate.models import Assignment, Judge
from annotate.readers.judgments import LONGEST_TAG, MOST_TAGS
from annotate.services.assignments import revoke_assignment


@transaction.atomic
def pause_judge(*, judge: Judge) -> int:
    """Give this judge nothing more and take back what they hold; what they answered stays. Returns how many
    items went back."""
    Judge.objects.filter(pk=judge.pk).update(standing=JudgeStanding.PAUSED)
    judge.refresh_from_db(fields=["standing"])
    held = Assignment.objects.filter(judge=judge, state=AssignmentState.LEASED)
    return sum(revoke_assignment(assignment=one) for one in held.order_by("item_id", "pk"))


def resume_judge(*, judge: Judge) -> None:
    Judge.objects.filter(pk=judge.pk, standing=JudgeStanding.PAUSED).update(standing=JudgeStanding.ACTIVE)
    judge.refresh_from_db(fields=["standing"])


def set_expertise(*, judge: Judge, tags: Iterable[str]) -> Judge:
    """What this judge knows: they are asked about items that need it, and about all that need nothing."""
    known = sorted({clean_tag(tag) for tag in tags} - {""})
    if len(known) > MOST_TAGS:
        raise InvalidSetting("That is too much to know.", field="expertise", cure=f"Name up to {MOST_TAGS}.")
    Judge.objects.filter(pk=judge.pk).update(expertise=known)
    judge.refresh_from_db(fields=["expertise"])
    return judge


def clean_tag(tag: str) -> str:
    """One spelling for each tag: lower case, single spaces."""
    clean = " ".join(str(tag).replace("\0", "").lower().split())
    if len(clean) > LONGEST_TAG:
        raise InvalidSetting(
            "This tag is too long.", field="expertise", cure=f"Use {LONGEST_TAG} characters."
        )
    return clean
