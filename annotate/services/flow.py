"""How the work flows: how many people, which checks, what is suggested. Editable while people work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from annotate.enums import ItemPurpose
from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Item, Project
from annotate.rules.flow import FlowRules, RuleError
from annotate.selectors.overlap import OverlapChange, overlap_change

MOST_OVERLAP = 100


def read_rules(stored: Mapping[str, Any]) -> FlowRules:
    """The rules, or InvalidSetting with the rule's name and the cure."""
    try:
        return FlowRules.read(stored)
    except RuleError as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble


def check_overlap(least: int, most: int | None) -> int:
    """The most people per item, which is the least where it is not set."""
    highest = least if most is None else most
    if not 1 <= least <= highest <= MOST_OVERLAP:
        raise InvalidSetting(
            "The most people cannot be fewer than the least.",
            field="overlap_max",
            cure=f"Give a number from {least} to {MOST_OVERLAP}, or leave it empty.",
        )
    return highest


@transaction.atomic
def change_flow(
    *,
    project: Project,
    expected_version: int,
    overlap: int,
    overlap_max: int | None,
    max_open_leases: int,
    price_per_judgment: Decimal | None,
    rules: Mapping[str, Any],
) -> OverlapChange:
    """Change the flow unless somebody changed the project since ``expected_version``; the seats of items that
    are open to people follow. Returns what changed for them."""
    read = read_rules(rules)
    most = check_overlap(overlap, overlap_max)
    won = Project.objects.filter(pk=project.pk, settings_version=expected_version).update(
        overlap=overlap,
        overlap_max=overlap_max,
        max_open_leases=max_open_leases,
        price_per_judgment=price_per_judgment,
        flow=read.as_dict(),
        settings_version=F("settings_version") + 1,
    )
    if not won:
        raise StaleEdit("Someone else changed these settings meanwhile.")
    project.refresh_from_db()
    change = overlap_change(project, least=overlap, most=most, rules=read)
    _let_seats_follow(change)
    return change


def _let_seats_follow(change: OverlapChange) -> None:
    by_number: dict[int, list[int]] = defaultdict(list)
    for pk, wanted in change.seats.items():
        by_number[wanted].append(pk)
    for wanted, items in sorted(by_number.items()):
        for start in range(0, len(items), 500):
            # Somebody may have taken a seat since it was counted.
            Item.objects.filter(pk__in=items[start : start + 500], purpose=ItemPurpose.WORK).update(
                seats_wanted=Greatest(F("seats_taken"), wanted)
            )
