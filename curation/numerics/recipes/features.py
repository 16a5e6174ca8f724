"""Features of a pair that its texts alone give: lengths, and how far apart the sides are."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from curation.numerics.recipes.columns import Columns, arrow
from curation.numerics.recipes.engine import Numbers, State

FEATURES = ("length_gap", "length_ratio", "chosen_length", "rejected_length", "prompt_length", "margin")


def lengths(columns: Columns, name: str) -> Numbers:
    """Length of a text column in code points."""
    return columns.derived(
        f"length:{name}",
        lambda: pc.utf8_length(arrow(columns[name])).to_numpy(zero_copy_only=False).astype(np.float64),
        slow=True,
    )


def feature(columns: Columns, state: State, name: str) -> Numbers:
    """length_gap: chosen minus rejected. length_ratio: the longer over the shorter, which counts as 1 at
    least. Without a preferred side chosen is the first side as stored."""
    if name == "margin":
        return state.margin
    if name == "prompt_length":
        return lengths(columns, "prompt")
    first, second = lengths(columns, "first"), lengths(columns, "second")
    later = state.chosen > state.rejected
    chosen, rejected = np.where(later, second, first), np.where(later, first, second)
    if name == "chosen_length":
        return chosen
    if name == "rejected_length":
        return rejected
    if name == "length_gap":
        return chosen - rejected
    return np.maximum(chosen, rejected) / np.maximum(np.minimum(chosen, rejected), 1.0)
