"""Steps about the texts themselves: duplicates, evaluation sets, languages, private data, lengths."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.numerics.recipes.columns import Columns, arrow
from curation.numerics.recipes.decontamination import decontaminate
from curation.numerics.recipes.engine import NOBODY, Mask, Notes, State, StepKind, histogram
from curation.numerics.recipes.errors import RecipeError
from curation.numerics.recipes.features import feature
from curation.numerics.recipes.near_duplicates import near_duplicate_clusters
from curation.numerics.recipes.parameters import SEED, Choice, Names, Number
from curation.numerics.recipes.private_text import KINDS as PRIVATE
from curation.numerics.recipes.private_text import find_private
from curation.numerics.recipes.sampling import draws
from curation.numerics.recipes.shingles import stable_hashes

KEEP = ("most_judged", "oldest", "random")
# Below this a language is a guess about names and numbers.
LEAST_LETTERS = 20


def length_gap(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Between chosen and rejected, in code points, as a size."""
    gap = np.abs(feature(columns, state, "length_gap"))
    drawn = histogram(
        gap[state.standing], threshold=values["at_most"], parameter="at_most", words="code points"
    )
    state.drop(gap > values["at_most"])
    return Notes(drawn)


def drop_duplicates(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Same prompt and same two responses, whichever is chosen; pairs of equal responses go as well.

    One with a preferred side stays before one without, then the smallest id.
    """
    first, second = text_keys(columns, "first"), text_keys(columns, "second")
    low, high = np.minimum(first, second), np.maximum(first, second)
    identical = state.standing & (first == second)
    state.drop(identical)
    places = np.flatnonzero(state.standing)
    prompts = columns.codes("prompt_key")
    decided = (state.chosen != NOBODY).astype(np.int8)
    order = places[
        np.lexsort((columns.rank[places], -decided[places], high[places], low[places], prompts[places]))
    ]
    keys = np.stack([prompts[order].astype(np.uint64), low[order], high[order]], axis=1)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    kept = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))] if len(order) else order
    copies, kept = order[~new], kept[~new]
    winner = np.where(state.chosen > state.rejected, second, first)
    opposite = (state.chosen[copies] != NOBODY) & (winner[copies] != winner[kept])
    dropping = np.zeros(columns.size, dtype=bool)
    dropping[copies] = True
    state.drop(dropping)
    return Notes(facts={"contradictory": int(opposite.sum()), "identical": int(identical.sum())})


def near_duplicates(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Prompts, or prompts with both responses; of the standing pairs of a cluster one stays.

    Clusters are those of all settled pairs, so a chain holds where an earlier step dropped its middle. The
    two sides of one pair are never compared with each other.
    """
    name = f"near:{values['compare']}:{values['threshold']}"
    texts = prompt_texts if values["compare"] == "prompts" else pair_texts
    clusters = columns.derived(
        name, lambda: near_duplicate_clusters(texts(columns), threshold=values["threshold"]), slow=True
    )
    state.cluster[:] = clusters
    if values["then"] == "mark":
        return Notes(facts=_cluster_facts(clusters, state.standing))
    facts = _cluster_facts(clusters, state.standing)
    if values["compare"] == "prompts":
        # Several pairs about one prompt are no duplicates of each other: the prompt stays, with all of them.
        state.drop(~_of_kept_prompt(columns, state, clusters, values))
    else:
        state.drop(~_one_of_each(columns, state, clusters, values))
    return Notes(facts=facts)


def _one_of_each(
    columns: Columns, state: State, clusters: NDArray[np.int64], values: Mapping[str, Any]
) -> Mask:
    places = np.flatnonzero(state.standing)
    order = {
        "most_judged": -np.asarray(columns["n_judges"], dtype=np.int64),
        "oldest": columns.rank,
        "random": draws(columns, values["seed"]),
    }[values["keep"]]
    decided = (state.chosen == NOBODY).astype(np.int8)
    sorted_places = places[
        np.lexsort((columns.rank[places], order[places], decided[places], clusters[places]))
    ]
    _codes, starts = np.unique(clusters[sorted_places], return_index=True)
    kept = np.zeros(columns.size, dtype=bool)
    kept[sorted_places[starts]] = True
    return kept


def _of_kept_prompt(
    columns: Columns, state: State, clusters: NDArray[np.int64], values: Mapping[str, Any]
) -> Mask:
    prompts = columns.codes("prompt_key")
    kept = _one_of_each(columns, state, clusters, values)
    return np.isin(prompts, prompts[kept]) & state.standing


def _cluster_facts(clusters: NDArray[np.int64], standing: Mask) -> dict[str, int]:
    _labels, sizes = np.unique(clusters[standing], return_counts=True)
    return {"clusters": int((sizes > 1).sum()), "in_clusters": int(sizes[sizes > 1].sum())}


def decontamination(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    unknown = [name for name in values["against"] if name not in columns.references]
    if unknown:
        known = ", ".join(sorted(columns.references)) or "none yet; upload one"
        raise RecipeError(
            f"There is no evaluation set {unknown[0]!r}.", field="against", cure=f"There are: {known}."
        )
    report, worst = {}, np.zeros(columns.size)
    for name in values["against"]:
        overlap = columns.derived(f"contamination:{name}", partial(_overlap, columns, name), slow=True)
        shares, best = overlap[: columns.size], overlap[columns.size :]
        hits = int((best > values["share"]).sum())
        report[name] = {
            "instances": len(best), "hit": hits, "contaminated": bool(hits > 0.02 * max(len(best), 1)),
            "rows": int((state.standing & (shares > values["share"])).sum()),
        }  # fmt: skip
        worst = np.maximum(worst, shares)
    drawn = histogram(
        worst[state.standing], threshold=values["share"], parameter="share", words="share of a test instance"
    )
    state.drop(worst > values["share"])
    return Notes(drawn, {"report": report})


def _overlap(columns: Columns, name: str) -> NDArray[np.float32]:
    """Shares of the pairs, then the best share of each test instance: one array, so that both are kept."""
    found = decontaminate(prompt_texts(columns), columns.references[name]())
    return np.concatenate([found.shares, found.best])


def languages(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """By the chosen response and the prompt together; too little text is of no language."""
    found = columns.derived("language", lambda: _languages(columns), slow=True)
    wanted = np.isin(found, np.array(values["keep"], dtype=found.dtype))
    unknown = found == ""
    codes, counts = np.unique(found[state.standing], return_counts=True)
    facts = {str(code) or "unknown": int(n) for code, n in zip(codes, counts, strict=True)}
    state.drop(~wanted & (~unknown | (values["unknown"] == "drop")))
    return Notes(facts={"found": facts})


def private_data(columns: Columns, state: State, values: Mapping[str, Any]) -> Notes:
    """Dropped, masked when the row is written, or only counted; prompts and both responses are read."""
    bits = columns.derived("private", lambda: _private_bits(columns), slow=True)
    facts: dict[str, Any] = {}
    wanted = 0
    for place, kind in enumerate(PRIVATE):
        if kind in values["kinds"]:
            wanted |= 1 << place
            facts[kind] = int((state.standing & ((bits >> place) & 1).astype(bool)).sum())
    found = (bits & wanted) != 0
    if values["treatment"] == "drop":
        state.drop(found)
    elif values["treatment"] == "mask":
        state.mask |= found
    return Notes(facts={"found": facts})


def text_keys(columns: Columns, name: str) -> NDArray[np.uint64]:
    """Hash of each text in Unicode form NFC with plain line ends and no white space around it; inner space
    counts."""
    return columns.derived(
        f"text_key:{name}",
        lambda: stable_hashes(_plain(text) for text in arrow(columns[name]).to_pylist()),
        slow=True,
    )


def prompt_texts(columns: Columns) -> pa.Array:
    return arrow(columns["prompt"])


def pair_texts(columns: Columns) -> pa.Array:
    import pyarrow.compute as pc

    parts = [pc.fill_null(arrow(columns[name]), "") for name in ("prompt", "first", "second")]
    return pc.binary_join_element_wise(*parts, pa.scalar("\n", pa.large_string()))


def _plain(text: str | None) -> str:
    return unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n").replace("\r", "\n").strip())


def _languages(columns: Columns) -> NDArray[np.str_]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    texts = zip(arrow(columns["prompt"]), arrow(columns["first"]), strict=True)
    return np.array([_language(identifier, f"{one} {two}") for one, two in texts], dtype="<U3")


def _language(identifier: Any, text: str) -> str:
    letters = sum(one.isalpha() for one in text[:400])
    return str(identifier.classify(text[:2000])[0]) if letters >= LEAST_LETTERS else ""


def _private_bits(columns: Columns) -> NDArray[np.uint16]:
    bits = np.zeros(columns.size, dtype=np.uint16)
    for name in ("prompt", "first", "second"):
        for place, text in enumerate(arrow(columns[name])):
            for one in find_private(text.as_py() or ""):
                bits[place] |= np.uint16(1 << PRIVATE.index(one.kind))
    return bits


KINDS = (
    StepKind(
        "length_gap", "Length gap", "Texts",
        "Pairs whose sides differ in length by more than this are dropped.", length_gap,
        (Number("at_most", "Code points", 2000, low=0),),
    ),
    StepKind(
        "drop_duplicates", "Drop exact duplicates", "Texts",
        "One pair of those with the same prompt and the same two responses stays.", drop_duplicates,
    ),
    StepKind(
        "near_duplicates", "Near-duplicates", "Texts",
        "MinHash finds them, true Jaccard similarity of 5-word shingles decides.", near_duplicates,
        (
            Number("threshold", "Jaccard from", 0.8, low=0.3, high=1),
            Choice("compare", "Compare", "pairs", options=("pairs", "prompts")),
            Choice("keep", "Keep", "most_judged", options=KEEP),
            Choice("then", "Then", "drop", options=("drop", "mark")),
            SEED,
        ),
    ),
    StepKind(
        "decontaminate", "Evaluation sets", "Texts",
        "Drop prompts that share 8-grams with an evaluation set, by the rule of Tülu 3.", decontamination,
        (
            Names("against", "Evaluation sets", (), least=1),
            Number("share", "Share of a test instance above", 0.5, low=0, high=1),
        ),
    ),
    StepKind(
        "languages", "Languages", "Texts", "Keep pairs in these languages, by ISO 639-1 code.", languages,
        (
            Names("keep", "Keep", ("en",), least=1),
            Choice("unknown", "Too little text to tell", "keep", options=("keep", "drop")),
        ),
    ),
    StepKind(
        "private_data", "Secrets and personal data", "Texts",
        "Keys, e-mail addresses, phone, card and account numbers; names are not found.", private_data,
        (
            Choice("treatment", "Treatment", "mask", options=("mask", "drop", "count")),
            Names("kinds", "Kinds", PRIVATE, options=PRIVATE, least=1),
        ),
    ),
)  # fmt: skip
