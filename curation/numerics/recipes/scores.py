"""Steps about numbers of a pair: CHES, strength, difficulty, and any other score or feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curation.numerics.difficulty import EASY, FLIPPABLE, HARD, difficulty
from curation.numerics.recipes.columns import Columns
from curation.numerics.recipes.engine import (
    NOBODY,
    Mask,
    Notes,
    Numbers,
    State,
    StepKind,
    extreme,
    histogram,
)
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.features import FEATURES, feature
from curation.numerics.recipes.parameters import MISSING, Choice, Name, Names, Number

BUCKETS = (EASY, FLIPPABLE, HARD)


def numbers_of(columns: Columns, state: State, name: str, *, field: str = "score") -> Numbers:
    """A score or a feature of every pair as it stands; NaN where there is none."""
    if name in FEATURES:
        return feature(columns, state, name)
    if name not in columns.scores:
        known = ", ".join([*sorted(columns.scores), *FEATURES])
        raise RecipeError(f"Nothing was scored by {name!r}.", field=field, cure=f"There are {known}.")
    return columns.score(name, state.chosen)


def without(columns: Columns, state: State, found: Numbers, values: Mapping[str, Any]) -> int:
    """Drop or keep the standing pairs that have no number, as the step says; how many they are."""
    missing = state.standing & ~np.isfinite(found)
    if values["missing"] == "drop":
        state.drop(missing)
    return int(missing.sum())


def ln_ches(columns: Columns, state: State) -> Numbers:
    if "ln_ches" in columns.scores:
        return columns.score("ln_ches", state.chosen)
    return np.full(columns.size, np.nan)


def drop_alike(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    scores = ln_ches(columns, state)
    unscored = without(columns, state, scores, values)
    scored = state.standing & np.isfinite(scores)
    dropping = extreme(scores, scored, values["top_percent"], columns.rank, highest=True)
    threshold = float(scores[dropping].min()) if dropping.any() else None
    drawn = histogram(
        scores[scored], threshold=threshold, parameter="top_percent", drags="above", words="LN-CHES"
    )
    state.drop(dropping)
    return Notes(drawn, {"threshold": threshold, "unscored": unscored})


def keep_least_alike(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    scores = ln_ches(columns, state)
    unscored = without(columns, state, scores, values)
    scored = state.standing & np.isfinite(scores)
    keeping = extreme(scores, scored, values["percent"], columns.rank, highest=False)
    threshold = float(scores[keeping].max()) if keeping.any() else None
    drawn = histogram(
        scores[scored], threshold=threshold, parameter="percent", drags="below", words="LN-CHES"
    )
    state.drop(scored & ~keeping)
    return Notes(drawn, {"threshold": threshold, "unscored": unscored})


def score_between(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    found = numbers_of(columns, state, values["score"])
    low, high = values["at_least"], values["at_most"]
    unscored = without(columns, state, found, values)
    upper = high is not None
    drawn = histogram(
        found[state.standing], threshold=high if upper else low,
        parameter="at_most" if upper else "at_least", side="above" if upper else "below",
        words=values["score"],
    )  # fmt: skip
    state.drop(found < (low if low is not None else -np.inf))
    state.drop(found > (high if upper else np.inf))
    return Notes(drawn, {"unscored": unscored})


def strength(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Treat the pairs whose mean strength over reward models, μ, lies below a bound.

    Wang et al., arXiv 2401.06080, §3: flip turns the label and asks for −μ as margin; soft keeps it with a
    probability below 1; margin gives every scored pair its μ (never below 0) as reward margin; drop drops.
    A flip is to be reviewed: the ids under ``keep_as_is`` were read and stay as judged.
    """
    mu = numbers_of(columns, state, values["scorer"], field="scorer")
    unscored = without(columns, state, mu, values)
    decided = state.standing & np.isfinite(mu) & (state.chosen != NOBODY)
    drawn = histogram(
        mu[decided], threshold=values["below"], parameter="below", side="below", words=values["scorer"]
    )
    low = decided & (mu < values["below"])
    if values["treatment"] == "drop":
        state.drop(low)
    elif values["treatment"] == "soft":
        state.soft[low] = values["soft_label"]
    elif values["treatment"] == "margin":
        state.margin[decided] = np.maximum(mu[decided], 0.0)
    else:
        kept = named(columns, values["keep_as_is"])
        flip(state, low & ~kept, np.abs(mu))
    return Notes(drawn, {"unscored": unscored, "contradicted": int(low.sum())})


def flip(state: State, where: Mask, margin: Numbers) -> None:
    state.chosen[where], state.rejected[where] = state.rejected[where], state.chosen[where]
    state.margin[where] = margin[where]


def named(columns: Columns, ids: tuple[str, ...]) -> Mask:
    found = np.zeros(columns.size, dtype=bool)
    if ids:
        wanted = set(ids)
        found[[place for place, one in enumerate(columns.words("id")) if one in wanted]] = True
    return found


def by_difficulty(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Keep buckets of ranking difficulty under the reference model (see :mod:`numerics.difficulty`)."""
    ratio = numbers_of(columns, state, values["scorer"], field="scorer")
    unscored = without(columns, state, ratio, values)
    kinds = difficulty(ratio, share=values["alpha"], beta=values["beta"]).kinds
    facts = {name: int((state.standing & (kinds == name)).sum()) for name in BUCKETS}
    drawn = histogram(ratio[state.standing], words=values["scorer"])
    state.drop((kinds != "") & ~np.isin(kinds, values["keep"]))
    return Notes(drawn, facts | {"unscored": unscored})


KINDS = (
    StepKind(
        "drop_alike", "Drop pairs that are too alike", "Scores",
        "The highest share by LN-CHES: training on them tends to lower the chosen side too.", drop_alike,
        (Number("top_percent", "Highest per cent", 10.0, low=0, high=100), MISSING),
    ),
    StepKind(
        "keep_least_alike", "Keep only the least alike", "Scores",
        "The lowest share by LN-CHES; the strict form, for small safety sets.", keep_least_alike,
        (Number("percent", "Lowest per cent", 15.0, low=0, high=100), MISSING),
    ),
    StepKind(
        "strength", "Strength over reward models", "Scores",
        "Flip, soften or drop the labels that reward models contradict, or give each its margin.", strength,
        (
            Choice("treatment", "Treatment", "soft", options=("flip", "soft", "margin", "drop")),
            Number("below", "Strength below", 0.0),
            Name("scorer", "Score", "strength"),
            Number("soft_label", "Soft label", 0.8, low=0, high=1),
            Names("keep_as_is", "Read and left as judged", ()),
            MISSING,
        ),
    ),
    StepKind(
        "difficulty", "Difficulty for the reference model", "Scores",
        "Easy pairs are ranked right already, flippable ones can be learnt, hard ones need better responses.",
        by_difficulty,
        (
            Names("keep", "Keep", ("easy", "flippable"), options=BUCKETS, least=1),
            Number("beta", "Beta of DPO", 0.1, low=1e-6, high=100),
            Number("alpha", "Share that prefers the chosen side", 0.999, low=0.501, high=0.999999),
            Name("scorer", "Score", "logprob"),
            MISSING,
        ),
    ),
    StepKind(
        "score_between", "A score within bounds", "Scores",
        "Any score or feature: " + ", ".join(FEATURES) + ".", score_between,
        (
            Name("score", "Score or feature", "length_gap"),
            Number("at_least", "At least", None, optional=True),
            Number("at_most", "At most", None, optional=True),
            MISSING,
        ),
    ),
)  # fmt: skip
