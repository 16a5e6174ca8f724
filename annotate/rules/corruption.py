"""Worse versions of a response, for pairs whose better side is beyond doubt. Drawn from names alone."""

from __future__ import annotations

from annotate.rules.turns import draw

TRUNCATED, SHUFFLED, ELSEWHERE = "truncated", "shuffled", "elsewhere"
KINDS = (TRUNCATED, SHUFFLED, ELSEWHERE)
# Shorter texts leave room for doubt once they are cut or mixed.
LEAST_WORDS = 12
# What is left of a text that is cut off.
LEFT_OVER = (0.15, 0.35)


def corrupt(text: str, *, kind: str, seed: int, name: str, other: str = "") -> str | None:
    """A version of the text that no careful reader prefers, or None where it would not be plainly worse.

    "truncated" stops in mid-sentence, "shuffled" has the same words in another order, "elsewhere" is
    ``other``, the answer to another prompt. The same arguments give the same text. Raises ValueError for
    another kind.
    """
    words = text.split()
    if kind == ELSEWHERE:
        return other if other.strip() and other.strip() != text.strip() else None
    if kind not in KINDS:
        raise ValueError(f"There is no corruption {kind!r}.")
    if len(words) < LEAST_WORDS:
        return None
    if kind == TRUNCATED:
        low, high = LEFT_OVER
        kept = int(len(words) * (low + (high - low) * draw(seed, "truncated", name)))
        return " ".join(words[: max(2, kept)])
    order = sorted(range(len(words)), key=lambda place: draw(seed, "shuffled", name, place))
    shuffled = [words[place] for place in order]
    return " ".join(shuffled) if shuffled != words else None


def kind_for(seed: int, name: str) -> tuple[str, ...]:
    """The kinds in the order to be tried for one item."""
    return tuple(sorted(KINDS, key=lambda kind: draw(seed, "corruption", name, kind)))
