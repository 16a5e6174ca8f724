"""Cut work into batches: by length, to a budget of tokens, and smaller where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from workers.runtime.cache import let_go
from workers.runtime.errors import out_of_memory

Piece = TypeVar("Piece")
Made = TypeVar("Made")

# The share of padding that a batch may hold; what would bring more begins a batch of its own.
MAX_WASTE = 0.05


def length_batches(
    lengths: Sequence[int], *, budget: int, max_waste: float = MAX_WASTE, sequences: int = 4096
) -> list[list[int]]:
    """Places of ``lengths`` in ascending order of length, cut where a padded batch would pass ``budget``
    tokens, hold more than ``sequences`` rows, or be padding by more than ``max_waste``.

    A row longer than the budget is a batch of its own. Ties keep the order given, so the same lengths give
    the same batches.
    """
    batches: list[list[int]] = []
    inside = 0
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        length = lengths[place]
        if batches:
            padded = length * (len(batches[-1]) + 1)
            fits = padded <= budget and len(batches[-1]) < sequences
            if fits and padded - (inside + length) <= max_waste * padded:
                batches[-1].append(place)
                inside += length
                continue
        batches.append([place])
        inside = length
    return batches


def token_batches(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Places of ``lengths`` in ascending order of length, cut where the tokens in a batch would pass
    ``budget``: for batches that are joined without padding."""
    batches: list[list[int]] = []
    inside = 0
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batches and inside + lengths[place] <= budget:
            batches[-1].append(place)
            inside += lengths[place]
        else:
            batches.append([place])
            inside = lengths[place]
    return batches


def padding_waste(lengths: Sequence[int], batches: Sequence[Sequence[int]]) -> float:
    """The share of padding in padded batches, 0..1."""
    padded = sum(max(lengths[place] for place in batch) * len(batch) for batch in batches)
    return 1 - sum(lengths[place] for batch in batches for place in batch) / padded if padded else 0.0


def halving(pieces: Sequence[Piece], run: Callable[[Sequence[Piece]], list[Made]]) -> list[Made]:
    """``run(pieces)``, one result per piece; where memory runs out, on each half in turn.

    Raises what ``run`` raised when a single piece does not fit.
    """
    try:
        return run(pieces)
    except (MemoryError, RuntimeError) as trouble:
        if len(pieces) < 2 or not out_of_memory(trouble):
            raise
    # Only here, outside the handler, is what the failed attempt held let go.
    let_go()
    middle = len(pieces) // 2
    return halving(pieces[:middle], run) + halving(pieces[middle:], run)
