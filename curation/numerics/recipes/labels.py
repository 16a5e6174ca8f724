"""Steps about the verdicts: who judged, how sure they were, and whether people and models agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curation.numerics.recipes.columns import FIRST, NEITHER, SECOND, TIE, UNDECIDED, Columns
from curation.numerics.recipes.engine import NOBODY, Notes, Numbers, State, StepKind, histogram
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.parameters import MISSING, Choice, Flag, Names, Number


def drop_undecided(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Ties, neither and undecided, each unless it is asked to stay."""
    verdict = np.asarray(columns["verdict"])
    facts = {}
    for name, code in (("ties", TIE), ("neither", NEITHER), ("undecided", UNDECIDED)):
        # A pair that an earlier step gave sides, as binarising does, is decided whatever its verdict.
        found = state.standing & (verdict == code) & (state.chosen == NOBODY)
        facts[f"found_{name}"] = int(found.sum())
        if not values[f"keep_{name}"]:
            state.drop(found)
    return Notes(facts=facts)


def keep_at_least(columns: Columns, state: State, column: str, least: float, name: str, words: str) -> Notes:
    found = np.asarray(columns[column], dtype=np.float64)
    drawn = histogram(
        found[state.standing], whole=column == "n_judges", threshold=least, parameter=name, side="below",
        words=words,
    )  # fmt: skip
    state.drop(~(found >= least))
    return Notes(drawn)


def min_judges(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    return keep_at_least(columns, state, "n_judges", values["at_least"], "at_least", "judges")


def min_confidence(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    return keep_at_least(
        columns, state, "confidence", values["at_least"], "at_least", "share of the judges for the verdict"
    )


def max_spread(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Pairs with a number from one judge or more; where there is none, as with neither alone, they stay."""
    spread = np.asarray(columns["spread"], dtype=np.float64)
    drawn = histogram(
        spread[state.standing], whole=True, threshold=values["at_most"], parameter="at_most",
        words="largest strength minus smallest",
    )  # fmt: skip
    state.drop(spread > values["at_most"])
    return Notes(drawn)


def min_alpha(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Krippendorff's ordinal alpha of each group over its standing pairs; groups below the bound are dropped.

    A group whose alpha cannot be computed (fewer than two judgments on every pair, or no variety) stays,
    and is named.
    """
    by = values["by"]
    groups = columns.codes(by) if by != "project" else np.zeros(columns.size, dtype=np.int64)
    names = columns.values(by) if by != "project" else ["project"]
    votes = np.asarray(columns["votes"], dtype=np.float64)
    facts: dict[str, Any] = {}
    for code, name in enumerate(names):
        inside = state.standing & (groups == code)
        alpha = ordinal_alpha(votes[inside])
        facts[name or "none"] = alpha
        if alpha is not None and alpha < values["at_least"]:
            state.drop(inside)
    return Notes(facts={"alpha": facts})


def ordinal_alpha(votes: Numbers) -> float | None:
    from curation.numerics.agreement import krippendorff_alpha

    if not len(votes) or not (np.isfinite(votes).sum(axis=1) >= 2).any():
        return None
    found = krippendorff_alpha(votes, level="ordinal").alpha
    return None if found is None or not np.isfinite(found) else float(found)


def people_and_models(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Agree: both chose the same side. Pairs that only one of the two judged are kept or dropped."""
    people, models = np.asarray(columns["people_verdict"]), np.asarray(columns["models_verdict"])
    both = (people >= 0) & (models >= 0)
    agree = both & (people == models)
    opposite = both & (((people == FIRST) & (models == SECOND)) | ((people == SECOND) & (models == FIRST)))
    facts = {
        "agree": int((agree & state.standing).sum()),
        "opposite": int((opposite & state.standing).sum()),
        "not_both": int((~both & state.standing).sum()),
    }
    kept = {"agree": agree, "disagree": both & ~agree, "not_opposite": both & ~opposite}[values["keep"]]
    state.drop(~kept & (both | (values["missing"] == "drop")))
    return Notes(facts=facts)


def acceptance(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Open-Assistant's rule for a reply (Köpf et al., arXiv 2304.07327): 1 − the mean of what its reviewers
    object to, spam and a wrong language, must lie above the bound.

    Goes by the worse of the two sides, or by the chosen one alone; a pair without a preferred side has the
    first two responses for its sides.
    """
    try:
        objections = np.asarray(columns["objections:" + ",".join(values["labels"])], dtype=np.float64)
    except KeyError as missing:
        raise RecipeError(
            f"{missing.args[0]!r} is no label.", field="labels", cure="Write QUESTION=VALUE, as in spam=yes."
        ) from missing
    kept = 1 - np.pad(objections, ((0, 0), (0, 2)), constant_values=np.nan)
    rows = np.arange(columns.size)
    better = kept[rows, np.where(state.chosen == NOBODY, 0, state.chosen)]
    worse = kept[rows, np.where(state.rejected == NOBODY, 1, state.rejected)]
    found = better if values["sides"] == "chosen" else np.fmin(better, worse)
    unknown = np.isnan(better) | (np.isnan(worse) & (values["sides"] == "both"))
    drawn = histogram(
        found[state.standing], threshold=values["above"], parameter="above", side="below", words="acceptance"
    )
    facts = {"unlabelled": int((state.standing & unknown).sum())}
    state.drop(found <= values["above"])
    if values["missing"] == "drop":
        state.drop(unknown)
    return Notes(drawn, facts)


KINDS = (
    StepKind(
        "drop_undecided", "Drop ties, neither and undecided", "Labels",
        "What has no preferred side. A kind that stays is written as the format's policy says.",
        drop_undecided,
        (
            Flag("keep_ties", "Keep ties", False),
            Flag("keep_neither", "Keep neither", False),
            Flag("keep_undecided", "Keep undecided", False),
        ),
    ),
    StepKind(
        "min_judges", "At least so many judges", "Labels", "Pairs judged by fewer are dropped.", min_judges,
        (Number("at_least", "Judges", 2, low=1, high=1000, whole=True),),
    ),
    StepKind(
        "min_confidence", "At least so sure", "Labels",
        "The share of the judges who gave the verdict.", min_confidence,
        (Number("at_least", "Share", 0.6, low=0, high=1),),
    ),
    StepKind(
        "max_spread", "Not too far apart", "Labels",
        "Pairs whose judges differ by more than this on −3 to 3 are dropped.", max_spread,
        (Number("at_most", "Largest difference", 2, low=0, high=6),),
    ),
    StepKind(
        "min_alpha", "At least this agreement", "Labels",
        "Krippendorff's ordinal alpha of each source or subject; groups below it are dropped.", min_alpha,
        (
            Number("at_least", "Alpha", 0.4, low=-1, high=1),
            Choice("by", "Groups", "source", options=("project", "source", "subject")),
        ),
        needs=("votes",),
    ),
    StepKind(
        "people_and_models", "People and models", "Labels",
        "Keep pairs on which people and models agree, disagree, or do not choose opposite sides.",
        people_and_models,
        (
            Choice("keep", "Keep", "agree", options=("agree", "disagree", "not_opposite")),
            Choice("missing", "Pairs that only one judged", "keep", options=("keep", "drop")),
        ),
    ),
    StepKind(
        "acceptance", "Accepted by reviewers", "Labels",
        "Open-Assistant's rule: 1 − the share of spam and of a wrong language among a reply's reviews.",
        acceptance,
        (
            Names("labels", "Objections, as QUESTION=VALUE", ("spam=yes", "problems=lang_mismatch"), least=1),
            Number("above", "Acceptance above", 0.6, low=0, high=1),
            Choice("sides", "Of", "both", options=("both", "chosen")),
            MISSING,
        ),
    ),
)  # fmt: skip
