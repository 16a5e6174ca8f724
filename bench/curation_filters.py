"""Recorded judges as a filter on the labels of people, for the experiment on curation (bench.curation).

The filter is the recipe's own step ``people_and_models``, so what is measured is what a recipe would do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.evaluation import Evaluation, Measured
from curation.numerics.recipes import columns_from, follow_recipe, steps_from_dicts
from curation.numerics.recipes.columns import VERDICTS
from curation.numerics.reward_heads import Labels
from curation.numerics.settling import settle_votes

Signs = NDArray[np.int8]
BOTH = "kept where both judges say the same"
BY_LOT = "as many left out by lot as by both judges"


def filtered(people: Signs, judges: Mapping[str, Signs]) -> dict[str, Labels]:
    """Sets of labels by name, from what people are said to have chosen and what each judge did.

    All are (n,) over the same pairs: +1 the second, −1 the first, 0 neither. No pair's test label takes part:
    a filter sees the label that is learnt from, and what the judges said of the same pair.
    """
    both = np.array([common(votes) for votes in zip(*judges.values(), strict=True)], dtype=np.int8)
    found = {f"kept where {name} says the same": kept(people, said, "agree") for name, said in judges.items()}
    found[BOTH] = kept(people, both, "agree")
    found["dropped where both judges say the opposite"] = kept(people, both, "not_opposite")
    opposite = (both == -people) & (both != 0)
    found["turned where both judges say the opposite"] = np.where(opposite, -people, people)
    found["both judges' common verdict, nobody's label"] = both
    found[BY_LOT] = by_lot(people, int((found[BOTH] != 0).sum()))
    return {name: Labels.plain(signs.astype(np.int8)) for name, signs in found.items()}


def kept(people: Signs, judges: Signs, keep: str) -> Signs:
    """The labels that the step leaves standing; 0 for those that it drops. What only people judged goes."""
    columns = columns_from(
        {
            "id": [str(place) for place in range(len(people))],
            "verdict": verdict_codes(people),
            "preference": people.astype(float),
            "people_verdict": verdict_codes(people),
            "models_verdict": verdict_codes(judges),
        }
    )
    steps = steps_from_dicts([{"step": "people_and_models", "keep": keep, "missing": "drop"}])
    _columns, selection = follow_recipe(columns, steps)
    return np.where(selection.state.standing, people, 0).astype(np.int8)


def common(votes: Sequence[int]) -> int:
    """The verdict of several judges, settled as the product settles it: 0 where no side has most votes."""
    return {"first": -1, "second": 1}.get(settle_votes([int(vote) for vote in votes]).verdict, 0)


def verdict_codes(signs: Signs) -> Any:
    names = {-1: "first", 1: "second", 0: "undecided"}
    return np.array([VERDICTS.index(names[sign]) for sign in signs.tolist()], dtype=np.int8)


def by_lot(people: Signs, count: int) -> Signs:
    """So many of the labels and no others, drawn: what losing rows alone does."""
    there = np.flatnonzero(people)
    drawn = np.random.default_rng(0).permutation(there)[:count]
    found = np.zeros_like(people)
    found[drawn] = people[drawn]
    return found


def filter_words(results: Mapping[str, Evaluation]) -> str:
    """What the filter by both judges did in each setting, beside what losing as many rows by lot did."""
    lines = ["## Judges as a filter", ""]
    for title, found in results.items():
        by_name = {one.name: one for one in found.sets}
        if BOTH not in by_name:
            continue
        both, lot = by_name[BOTH], by_name[BY_LOT]
        told = (
            "helps"
            if both.against.low > 0
            else "harms"
            if both.against.high < 0
            else "is not told from the raw labels"
        )
        lines += [
            f"- {title}: keeping the {both.rows} labels of {by_name['raw'].rows} that both judges share",
            f"  {told} ({interval(both.against)}); as many labels by lot: {interval(lot.against)}.",
        ]
    return "\n".join(lines)


def interval(one: Measured) -> str:
    return f"{one.value:+.3f}, {one.low:+.3f} to {one.high:+.3f}"
