from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from annotate.keys import content_key
from annotate.models import Item

AGAIN = "again"


@transaction.atomic
def ask_prompts_again(*, items: Sequence[Item]) -> int:
    """Put the prompts of these items once more, as items without candidates yet; each item's prompt once.

    The new item says in its ``meta`` which one it follows. Returns how many were made.
    """
    keys = {item.pk: content_key(AGAIN, item.key) for item in items}
    there = set(Item.objects.filter(key__in=keys.values()).values_list("project_id", "key"))
    made = [
        Item(
            project_id=item.project_id,
            key=keys[item.pk],
            external_id=f"{item.external_id[:490]}~{keys[item.pk][:8]}",
            group_key=item.group_key,
            prompt=item.prompt,
            meta={**item.meta, "follows": item.external_id},
        )
        for item in items
        if (item.project_id, keys[item.pk]) not in there
    ]
    Item.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    return len(made)
