"""Small tables of pairs, by column."""

from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.recipes import columns_from, follow_recipe, steps_from_dicts


def table(size, **columns):
    """Pairs that were all settled for the first side, but for the columns given."""
    plain = {
        "id": [f"p{place:03}" for place in range(size)],
        "verdict": np.zeros(size, dtype=np.int8),
        "preference": np.full(size, -2.0),
        "confidence": np.ones(size),
        "n_judges": np.full(size, 3),
        "spread": np.ones(size),
        "people_verdict": np.zeros(size, dtype=np.int8),
        "models_verdict": np.full(size, -1, dtype=np.int8),
        "prompt_key": [f"k{place}" for place in range(size)],
        "source": ["a"] * size,
        "subject": [""] * size,
        "first_model": ["mine"] * size,
        "second_model": ["other"] * size,
        "prompt": [f"prompt {place}" for place in range(size)],
        "first": [f"good {place}" for place in range(size)],
        "second": [f"bad {place}" for place in range(size)],
    }
    scores = columns.pop("scores", {})
    more = {name: columns.pop(name) for name in ("references", "store") if name in columns}
    return columns_from(plain | columns, scores=scores, **more)


def follow(columns, *steps):
    return follow_recipe(columns, steps_from_dicts([dict(step) for step in steps]))


@pytest.fixture
def pairs():
    return table


@pytest.fixture
def run():
    """Follow steps and return the ids that stay, in the order of the rows, and the outcomes."""

    def run(columns, *steps):
        made, selection = follow(columns, *steps)
        ids = [made.words("id")[place] for place in np.flatnonzero(selection.state.standing)]
        return ids, selection

    return run
