"""The only writer of an item's seats. Each change is one conditional UPDATE whose row count says who won."""

from __future__ import annotations

from django.db import transaction
from django.db.models import BigAutoField, F, Q, QuerySet
from django.db.models.functions import Greatest

from annotate.enums import ItemPurpose, JudgeKind, JudgmentState
from annotate.models import Item, Judgment, Project
from annotate.prepared import PreparedUpdate
from annotate.rules.flow import FlowRules
from annotate.rules.stopping import seats_after
from annotate.selectors.questions import main_key

_TAKE_SEAT = PreparedUpdate(
    lambda item: (
        Item.objects.filter(pk=item, seats_taken__lt=F("seats_wanted")),
        {"seats_taken": F("seats_taken") + 1},
    ),
    item=BigAutoField(),
)


def take_seat(*, item_id: int) -> bool:
    """Take one of the item's free seats; False when there is none."""
    return bool(_TAKE_SEAT.run(item=item_id))


def hold_seats(*, item_id: int) -> None:
    """Lock the item's seats until the transaction ends. Whoever moves an assignment and a seat together comes
    by the item first, as taking does; else two of them can wait for each other."""
    Item.objects.select_for_update(no_key=True).filter(pk=item_id).values_list("pk").first()


def free_seat(*, item_id: int) -> None:
    Item.objects.filter(pk=item_id, seats_taken__gt=0).update(seats_taken=F("seats_taken") - 1)


@transaction.atomic
def want_seats(*, item_ids: list[int], wanted: int) -> int:
    """Ask for ``wanted`` people on each item, never for fewer than have it already; what is there to know
    the judges by gets no seats."""
    changed = 0
    for start in range(0, len(item_ids), 500):
        some = Item.objects.filter(pk__in=item_ids[start : start + 500], purpose=ItemPurpose.WORK)
        changed += some.update(seats_wanted=Greatest(F("seats_taken"), wanted))
    return changed


def first_seats(*, project: Project) -> int:
    """How many people an item is opened for before anybody has answered."""
    rules = FlowRules.read(project.flow)
    return seats_after(rules, [], least=project.overlap, most=project.most_overlap)


def seats_follow_answers(*, project: Project) -> bool:
    """Whether the number of seats depends on what is answered."""
    return project.most_overlap > project.overlap and FlowRules.read(project.flow).stop != "never"


def reconsider_seats(*, item: Item) -> None:
    """After a judgment: open one more seat where the answers leave doubt, close what is left where they do
    not. The caller holds the item's seats."""
    project = item.project
    answers = counted_answers(item_id=item.pk)
    wanted = seats_after(
        FlowRules.read(project.flow),
        answers,
        least=project.overlap,
        most=project.most_overlap,
        main=main_key(project),
    )
    routed = Q(seats_wanted__gt=0) & ~Q(seats_wanted=wanted)
    Item.objects.filter(routed, pk=item.pk, purpose=ItemPurpose.WORK).update(
        seats_wanted=Greatest(F("seats_taken"), wanted)
    )


def counted_answers(*, item_id: int) -> list[dict[str, object]]:
    """What people have answered who sit on one of the item's seats."""
    counted: QuerySet[Judgment] = Judgment.objects.filter(
        assignment__item_id=item_id,
        assignment__seated=True,
        assignment__judge__kind=JudgeKind.PERSON,
        state=JudgmentState.CURRENT,
    )
    return list(counted.order_by("pk").values_list("answers", flat=True))
