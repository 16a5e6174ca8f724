from __future__ import annotations

from typing import Any

from django.db.models import BigAutoField, CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from annotate.enums import AssignmentState, ItemPurpose
from annotate.keys import content_key
from annotate.models import Assignment, Candidate, Item, Judge
from annotate.prepared import Prepared, PreparedValues
from annotate.rules.turns import draw

# A repeat comes after at least this many other answers, and out of the last so many before them.
REPEAT_GAP = 10
REPEAT_WINDOW = 100


def _held(judge: Any) -> QuerySet[Assignment]:
    held = Assignment.objects.filter(judge=judge, state=AssignmentState.LEASED, leased_until__gte=Now())
    return held.order_by("taken_at", "pk")


_HELD = Prepared(
    lambda judge: _held(judge).select_related("item", "item__project", "judge", "draft"),
    judge=BigAutoField(),
)


_HELD_PKS = PreparedValues(lambda judge: _held(judge).values_list("pk"), judge=BigAutoField())


def held_leases(*, judge: Judge) -> list[Assignment]:
    """What the judge holds now, the oldest first."""
    return _HELD.rows(judge=judge.pk)


def held_pks(*, judge: Judge) -> list[int]:
    """Which assignments the judge holds now, the oldest first, and nothing of them."""
    return [pk for (pk,) in _HELD_PKS.rows(judge=judge.pk)]


def held_lease(*, judge: Judge, pk: int) -> Assignment | None:
    """One of those, whole, if it is still held."""
    return next((one for one in held_leases(judge=judge) if one.pk == pk), None)


# What a judge may see of a response; who made it and how stays where it is.
_CANDIDATES = Prepared(
    lambda item: (
        Candidate.objects.filter(item=item)
        .only("item", "position", "text", "prompt", "images")
        .order_by("position")
    ),
    item=BigAutoField(),
)


def candidates_of(*, item: Item) -> list[Candidate]:
    return _CANDIDATES.rows(item=item.pk)


def not_had(*, judge: Judge) -> QuerySet[Item]:
    """Items of the project that this judge has not had; a lease of theirs that lapsed counts as not had."""
    had = Assignment.objects.filter(item=OuterRef("pk"), judge=judge).exclude(state=AssignmentState.EXPIRED)
    return Item.objects.filter(~Exists(had), project_id=judge.project_id).order_by("key")


def open_items(*, judge: Judge) -> QuerySet[Item]:
    """Items with a free seat that this judge knows enough for and has not had."""
    return not_had(judge=judge).filter(is_open=True, expertise__in=["", *judge.expertise])


def _open_after(project: Any, judge: Any, cursor: Any, expertise: Any) -> QuerySet[Item]:
    had = Assignment.objects.filter(item=OuterRef("pk"), judge=judge).exclude(state=AssignmentState.EXPIRED)
    items = Item.objects.filter(~Exists(had), project=project, is_open=True, expertise=expertise)
    return items.filter(key__gt=cursor).order_by("key")[:1]


_OPEN_AFTER = Prepared(
    _open_after, project=BigAutoField(), judge=BigAutoField(), cursor=CharField(), expertise=CharField()
)


def next_open_item(*, judge: Judge) -> Item | None:
    """The next item on the judge's ring. Item keys are hashes, so their order is already a shuffle, and each
    judge starts at a place of their own: two judges rarely meet at one item, and no query sorts or counts.

    One look for each expertise of the judge, for the index has the expertise before the key.
    """
    cursor = judge.queue_cursor or content_key("ring", judge.project_id, judge.pk)
    for begin in (cursor, ""):
        looks = (
            _OPEN_AFTER.first(project=judge.project_id, judge=judge.pk, cursor=begin, expertise=one)
            for one in ("", *judge.expertise)
        )
        found = [item for item in looks if item is not None]
        if found:
            nearest = min(found, key=lambda item: item.key)
            nearest.project = judge.project
            return nearest
    return None


def next_check(*, judge: Judge, purpose: ItemPurpose) -> Item | None:
    """A gold, qualification or trap item the judge has not had, from a place of their own on."""
    start = content_key("checks", judge.project_id, judge.pk)
    items = not_had(judge=judge).filter(purpose=purpose).select_related("project")
    return items.filter(key__gt=start).first() or items.first()


def next_repeat(*, judge: Judge) -> Assignment | None:
    """An answer of the judge's own to be asked for again: some while ago, and not repeated yet."""
    answered = Assignment.objects.filter(judge=judge, state=AssignmentState.DONE)
    recent = list(
        answered.order_by("-done_at", "-pk").values_list("pk", flat=True)[
            REPEAT_GAP : REPEAT_GAP + REPEAT_WINDOW
        ]
    )
    again = Assignment.objects.filter(item=OuterRef("item"), judge=judge, round__gt=0)
    fit = answered.filter(
        ~Exists(again), pk__in=recent, round=0, seated=True, item__purpose=ItemPurpose.WORK
    ).select_related("item", "item__project")
    found = list(fit.order_by("pk"))
    if not found:
        return None
    return found[int(draw(found[0].item.project.seed, "repeat", judge.pk, judge.taken) * len(found))]
