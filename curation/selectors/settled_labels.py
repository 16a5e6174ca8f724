"""The labels of a project: which side of each pair is settled as the better one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch

from annotate.enums import Verdict
from annotate.keys import content_key, text_key
from annotate.models import Candidate, Item, Project
from annotate.selectors.items import pair_of, pairable_items
from curation.enums import Pool
from curation.models import Estimate

SIDES = (Verdict.FIRST, Verdict.SECOND)


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A pair with a settled side, its texts by their hashes. ``first_id``, ``second_id``: as stored."""

    item_id: int
    first_id: int
    second_id: int
    swapped: bool
    group: str
    prompt: str
    chosen: str
    rejected: str
    words: tuple[int, int]


def labels_digest(project: Project, *, pool: Pool = Pool.PEOPLE_FIRST) -> str:
    """Names the settled sides of a project as they are now."""
    found = Estimate.objects.filter(item__in=pairable_items(project), pool=pool, verdict__in=SIDES)
    return content_key([list(one) for one in found.order_by("item__key").values_list("item__key", "verdict")])


def labelled_pairs(
    project: Project, *, pool: Pool = Pool.PEOPLE_FIRST
) -> Iterator[tuple[LabelledPair, dict[str, str]]]:
    """Every pair with a settled side, and its three texts by their hashes: last turn, chosen, rejected."""
    settled = Estimate.objects.filter(pool=pool, verdict__in=SIDES)
    items = (
        pairable_items(project)
        .filter(Exists(settled.filter(item=OuterRef("pk"))))
        .prefetch_related(
            Prefetch("candidates", Candidate.objects.order_by("position")),
            Prefetch("estimates", settled, to_attr="settled_sides"),
        )
    )
    for item in items.iterator(chunk_size=1000):
        pair = pair_of(item)
        if pair is not None:
            yield labelled(item, pair, swapped=item.settled_sides[0].verdict == Verdict.SECOND)


def labelled(
    item: Item, pair: tuple[Candidate, Candidate], *, swapped: bool
) -> tuple[LabelledPair, dict[str, str]]:
    chosen, rejected = reversed(pair) if swapped else pair
    prompt = chosen.prompt or item.prompt
    asked = prompt[-1]["content"] if prompt else ""
    found = LabelledPair(
        item_id=item.pk,
        first_id=pair[0].pk,
        second_id=pair[1].pk,
        swapped=swapped,
        group=item.group_key,
        prompt=text_key(asked),
        chosen=chosen.text_hash,
        rejected=rejected.text_hash,
        words=(len(chosen.text.split()), len(rejected.text.split())),
    )
    return found, {found.prompt: asked, found.chosen: chosen.text, found.rejected: rejected.text}
