"""Steps about which rows and how many: sources, shares, generators, one pair per prompt, splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.recipes.columns import Columns
from curation.numerics.recipes.engine import Mask, Notes, State, StepKind
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.parameters import SEED, Choice, Names, Number, Weights

FIELDS = ("source", "subject", "generator", "first_model", "second_model")


def draws(columns: Columns, seed: int) -> NDArray[np.uint64]:
    """One number per pair from the seed and its id alone, so that other rows do not change the draw."""
    digests = columns.derived("id_hash", lambda: _id_hashes(columns))
    mixed = digests ^ np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    with np.errstate(over="ignore"):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def groups_by(columns: Columns, by: str) -> tuple[NDArray[np.int64], list[str]]:
    """Codes of the pairs and the words behind them; a generator is the two models, in any order."""
    if by != "generator":
        return columns.codes(by), columns.values(by)
    one, two = columns.words("first_model"), columns.words("second_model")
    named = [" + ".join(sorted({first or "", second or ""})) for first, second in zip(one, two, strict=True)]
    values, codes = np.unique(np.asarray(named, dtype=np.str_), return_inverse=True)
    return codes.astype(np.int64), [str(value) for value in values]


def keep_sources(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    codes, names = groups_by(columns, values["by"])
    wanted = [place for place, name in enumerate(names) if name in values["values"]]
    inside = np.isin(codes, wanted)
    state.drop(~inside if values["action"] == "keep" else inside)
    return Notes(facts={"not_found": [name for name in values["values"] if name not in names]})


def mix(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """As many rows as the shares allow (or ``rows``), each group down to its share of them, drawn by seed."""
    shares = {name: share for name, share in values["shares"].items() if share > 0}
    if not shares:
        raise RecipeError(
            "No share is above 0.", field="shares", cure="Give each group that stays its share."
        )
    codes, names = groups_by(columns, values["by"])
    whole = sum(shares.values())
    here = {name: np.flatnonzero(state.standing & (codes == _place(names, name))) for name in shares}
    fits = [len(places) * whole / shares[name] for name, places in here.items()]
    total = min(fits) if values["rows"] is None else min(values["rows"], *fits)
    kept = np.zeros(columns.size, dtype=bool)
    key = draws(columns, values["seed"])
    for name, places in here.items():
        count = int(total * shares[name] / whole + 1e-9)
        kept[places[np.argsort(key[places], kind="stable")[:count]]] = True
    facts = {"available": {name: len(places) for name, places in here.items()}}
    state.drop(~kept)
    return Notes(facts=facts)


def on_policy(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Off-policy pairs are thinned by seed until on-policy ones have their share; with share 1 none stays."""
    mine = [np.isin(columns.codes(name), _places(columns, name, values["models"])) for name in
            ("first_model", "second_model")]  # fmt: skip
    counts = mine[0] & mine[1] if values["sides"] == "both" else mine[0] | mine[1]
    inside, outside = state.standing & counts, state.standing & ~counts
    room = 0 if values["share"] >= 1 else int(inside.sum() * (1 / values["share"] - 1) + 1e-9)
    state.drop(outside & ~first_drawn(columns, outside, room, values["seed"]))
    return Notes(facts={"on_policy": int(inside.sum()), "off_policy": int(outside.sum())})


def sample(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    state.drop(~first_drawn(columns, state.standing, values["rows"], values["seed"]))
    return Notes()


def first_drawn(columns: Columns, among: Mask, count: int, seed: int) -> Mask:
    places = np.flatnonzero(among)
    kept = np.zeros(columns.size, dtype=bool)
    kept[places[np.argsort(draws(columns, seed)[places], kind="stable")[:count]]] = True
    return kept


def one_per_prompt(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """The pair with the widest margin, the smallest id, or one drawn by seed; equal margins by id."""
    prompts = columns.codes("prompt_key")
    order = {"first": columns.rank, "random": draws(columns, values["seed"]), "widest": -state.margin}
    places = np.flatnonzero(state.standing)
    sorted_places = places[np.lexsort((columns.rank[places], order[values["keep"]][places], prompts[places]))]
    _codes, starts = np.unique(prompts[sorted_places], return_index=True)
    kept = np.zeros(columns.size, dtype=bool)
    kept[sorted_places[starts]] = True
    state.drop(~kept)
    return Notes()


def split(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Whole groups of prompts go to one split, in every stratum alike; nothing is dropped.

    Groups are drawn by the hash of their smallest id, so adding rows moves no group. ``by`` cluster keeps
    near-duplicate prompts together where a step before has found them.
    """
    groups = columns.codes("prompt_key")
    if values["by"] == "cluster":
        groups = merged(groups, state.cluster)
    strata = columns.codes(values["stratify"]) if values["stratify"] != "nothing" else np.zeros_like(groups)
    key = draws(columns, values["seed"])
    places = np.flatnonzero(state.standing)
    order = places[np.lexsort((columns.rank[places], groups[places]))]
    codes, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    stratum, drawn = strata[order][starts], key[order][starts]
    into = np.zeros(len(codes), dtype=np.int8)
    for one in np.unique(stratum):
        inside = np.flatnonzero(stratum == one)
        inside = inside[np.argsort(drawn[inside], kind="stable")]
        until = np.cumsum(sizes[inside]) / max(sizes[inside].sum(), 1)
        test, held = values["test"], values["test"] + values["validation"]
        into[inside] = np.where(until <= test + 1e-9, 2, np.where(until <= held + 1e-9, 1, 0))
    state.split[order] = np.repeat(into, sizes)
    counted = np.bincount(state.split[state.standing], minlength=3)
    return Notes(facts=dict(zip(("train", "validation", "test"), counted.tolist(), strict=True)))


def merged(groups: NDArray[np.int64], clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups that share a cluster as one."""
    from curation.numerics.recipes.near_duplicates import union_find

    known = np.flatnonzero(clusters >= 0)
    if not len(known):
        return groups
    size = int(groups.max()) + 1
    links = np.stack([groups[known], clusters[known] + size], axis=1)
    return union_find(size + int(clusters.max()) + 1, links)[groups]


def _place(names: list[str], name: str) -> int:
    return names.index(name) if name in names else -1


def _places(columns: Columns, column: str, wanted: tuple[str, ...]) -> list[int]:
    return [place for place, name in enumerate(columns.values(column)) if name in wanted]


def _id_hashes(columns: Columns) -> NDArray[np.uint64]:
    from curation.numerics.recipes.shingles import stable_hashes

    return stable_hashes(columns.words("id"))


KINDS = (
    StepKind(
        "keep_sources", "Only some sources", "Rows",
        "Keep or drop by source, subject or generator.", keep_sources,
        (
            Choice("by", "By", "source", options=FIELDS),
            Names("values", "Values", (), least=1),
            Choice("action", "They are", "keep", options=("keep", "drop")),
        ),
    ),
    StepKind(
        "mix", "Shares of a mix", "Rows",
        "Thin the groups until each has its share; groups without a share are left out.", mix,
        (
            Choice("by", "By", "source", options=FIELDS),
            Weights("shares", "Shares", {}, low=0),
            Number("rows", "Rows in all", None, low=1, whole=True, optional=True),
            SEED,
        ),
    ),
    StepKind(
        "on_policy", "On-policy share", "Rows",
        "Thin what other models wrote until the policy's own pairs have this share.", on_policy,
        (
            Names("models", "Models that count as the policy", (), least=1),
            Choice("sides", "Sides by them", "either", options=("either", "both")),
            Number("share", "Share", 0.5, low=0.001, high=1),
            SEED,
        ),
    ),
    StepKind(
        "sample", "A random sample", "Rows", "At most so many rows, drawn by the seed.", sample,
        (Number("rows", "Rows", 1000, low=1, whole=True), SEED),
    ),
    StepKind(
        "one_per_prompt", "One pair per prompt", "Rows",
        "Where a prompt has several pairs, keep one. Without this step all pairs stay.", one_per_prompt,
        (Choice("keep", "Keep", "widest", options=("widest", "first", "random")), SEED),
    ),
    StepKind(
        "split", "Splits", "Rows",
        "Train, validation and test by whole prompts, or by clusters of near-duplicates found before.", split,
        (
            Number("test", "Share for test", 0.1, low=0, high=0.9),
            Number("validation", "Share for validation", 0.0, low=0, high=0.9),
            Choice("by", "Together stay", "cluster", options=("cluster", "prompt")),
            Choice("stratify", "Alike in each", "source", options=("source", "subject", "nothing")),
            SEED,
        ),
    ),
)  # fmt: skip
