"""Candidates of an item: as imported, or made by a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from annotate.enums import Origin
from annotate.keys import content_key, text_key
from annotate.models import Candidate, Item


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """What a generator made, with everything needed to make it again."""

    text: str
    model: str
    revision: str
    parameters: Mapping[str, Any]
    seed: int | None
    replicate: int
    tokens: int | None = None
    seconds: float | None = None
    flags: Sequence[str] = field(default_factory=tuple)

    @property
    def origin_key(self) -> str:
        return content_key(
            "generated", self.model, self.revision, dict(self.parameters), self.seed, self.replicate
        )


@transaction.atomic
def add_candidates(*, item: Item, made: Sequence[NewCandidate]) -> int:
    """Add what is new, all of it or nothing; work that was delivered twice adds nothing. Returns how many
    were added.

    All or nothing, for a kill between two of them would leave a number of candidates that the next attempt
    makes its own replicates from, and takes for the ones it has.
    """
    added = 0
    for one in made:
        try:
            with transaction.atomic():
                added += _add_one(item, one)
        except IntegrityError:
            # Another worker took the position between our look and our insert: look again once.
            with transaction.atomic():
                added += _add_one(item, one)
    return added


def _add_one(item: Item, made: NewCandidate) -> int:
    if Candidate.objects.filter(item=item, origin_key=made.origin_key).exists():
        return 0
    last = Candidate.objects.filter(item=item).aggregate(last=Max("position"))["last"]
    Candidate.objects.create(
        item=item,
        position=0 if last is None else last + 1,
        text=made.text,
        text_hash=text_key(made.text),
        origin=Origin.GENERATED,
        origin_key=made.origin_key,
        model=made.model,
        revision=made.revision,
        parameters=dict(made.parameters),
        seed=made.seed,
        tokens=made.tokens,
        seconds=made.seconds,
        flags=list(made.flags),
    )
    return 1
