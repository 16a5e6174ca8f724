"""From judged pairs to the columns, tags and evidence that routers work on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.evidence import JudgeEvidence, disagreement, judge_columns, uncertainty
from curation.numerics.routing.facets import FACETS, describe_prompt
from curation.numerics.routing.measures import PairMeasures, measure_pairs
from curation.numerics.routing.schema import Facet, Tags, TagSchema, fit_schema, tag_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_JUDGES = 30
MOST_MODELS = 20
# A tag on fewer pairs than this teaches a router nothing, and would only add noise.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class PairRecord:
    """One pair, with all that is known before a person is asked.

    ``verdicts`` by model judge: −1 the first is better, 0 a tie, 1 the second. ``confidence`` (0.5..1) and
    ``flips`` (0 or 1) by judge, where they are known. ``models``: who wrote the two responses.
    ``described``: values by facet, from people or judges; keyword rules fill those that are missing.
    ``scores``: numbers that are the same when the sides are exchanged.
    """

    id: str
    prompt: str
    first: str
    second: str
    group: str
    verdicts: Mapping[str, float]
    confidence: Mapping[str, float] = field(default_factory=dict)
    flips: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, str] = ("", "")
    described: Mapping[str, Collection[str]] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """n pairs. ``features`` (n, F) named by ``names``, for the learned router; ``tags`` (n, T) by ``schema``;
    ``main`` (n,) the label that models would give; ``described`` the facets used, rules included."""

    main: Floats
    groups: Ints
    features: Floats
    names: tuple[str, ...]
    uncertainty: Floats
    disagreement: Floats
    tags: Tags
    schema: TagSchema
    described: list[dict[str, list[str]]]


def routing_table(
    records: Sequence[PairRecord], *, main: str, schema: TagSchema | None = None
) -> RoutingTable:
    """Columns of all records, with ``main`` as the judge whose verdict is the model's label.

    With a stored ``schema`` the bins stay where they were; without one it is made from these records. Raises
    ValueError for two records with one id.
    """
    if len({record.id for record in records}) != len(records):
        raise ValueError("Every pair needs an id of its own.")
    measures = measure_pairs(
        [record.prompt for record in records],
        [record.first for record in records],
        [record.second for record in records],
    )
    evidence, panel = _evidence(records, main)
    described = [describe_prompt(record.prompt) | _lists(record.described) for record in records]
    scores = {name: _column(records, name) for name in sorted({key for one in records for key in one.scores})}
    columns = _tag_columns(measures, evidence, scores)
    used = schema or fit_schema(columns, _facets(described))
    # A schema made with scores that are missing here gets them as unknown.
    missing = {one.name: np.full(len(records), np.nan) for one in used.measures if one.name not in columns}
    tags = tag_matrix(used, columns | missing, described)
    learned = _learned_columns(records, measures, evidence, panel, scores)
    learned |= _facet_columns(used, tags, {name for record in records for name in record.described})
    return RoutingTable(
        main=evidence.main,
        groups=evidence.groups,
        features=np.column_stack(list(learned.values())) if learned else np.zeros((len(records), 0)),
        names=tuple(learned),
        uncertainty=uncertainty(evidence),
        disagreement=disagreement(evidence),
        tags=tags,
        schema=used,
        described=described,
    )


def _evidence(records: Sequence[PairRecord], main: str) -> tuple[JudgeEvidence, list[str]]:
    heard = Counter(name for record in records for name in record.verdicts if name != main)
    panel = sorted(name for name, _count in heard.most_common(MOST_JUDGES))
    texts: dict[str, int] = {}
    groups: dict[str, int] = {}

    def ids(known: dict[str, int], words: Sequence[str]) -> Ints:
        return np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)

    def of(name: str, kind: str) -> Floats:
        return np.array([getattr(record, kind).get(name, np.nan) for record in records], dtype=np.float64)

    return (
        JudgeEvidence(
            main=of(main, "verdicts"),
            panel=np.array([of(name, "verdicts") for name in panel]).reshape(len(panel), len(records)).T,
            flipped=of(main, "flips"),
            confidence=of(main, "confidence"),
            first=ids(texts, [record.first for record in records]),
            second=ids(texts, [record.second for record in records]),
            groups=ids(groups, [record.group for record in records]),
        ),
        panel,
    )


def _tag_columns(
    measures: PairMeasures, evidence: JudgeEvidence, scores: Mapping[str, Floats]
) -> dict[str, Floats]:
    columns: dict[str, Floats] = {
        "longer": measures.longer,
        "shorter": measures.shorter,
        "gap": measures.gap,
        "prompt": measures.prompt,
        "rouge1": measures.rouge1,
        "entities": measures.entities,
        "judge disagreement": disagreement(evidence),
        "judge confidence": evidence.confidence,
        "judge flip": evidence.flipped,
    }
    if "cosine" in scores:
        columns["cosine_length"] = scores["cosine"] * measures.length_ratio
    return {name: values for name, values in (columns | dict(scores)).items() if np.isfinite(values).any()}


def _learned_columns(
    records: Sequence[PairRecord],
    measures: PairMeasures,
    evidence: JudgeEvidence,
    panel: Sequence[str],
    scores: Mapping[str, Floats],
) -> dict[str, Floats]:
    side = np.where(np.isfinite(evidence.main), np.sign(evidence.main), 0.0)
    columns: dict[str, Floats] = {
        "difference in length": np.abs(measures.lean_length),
        "chosen side longer": side * measures.lean_length,
        "chosen side repeats itself": side * measures.lean_repetition,
        "repetition": measures.repetition,
        "long prompt": np.log1p(measures.prompt),
        "long shorter response": np.log1p(measures.shorter),
        "long longer response": np.log1p(measures.longer),
        "shared words": measures.rouge1,
        "shared names": measures.entities,
    }
    columns |= {f"score {name}": values for name, values in scores.items()}
    columns |= judge_columns(evidence, panel)
    columns |= _model_columns(records, side)
    return columns


def _model_columns(records: Sequence[PairRecord], side: Floats) -> dict[str, Floats]:
    """Which model wrote the response that the judge chose: +1 for its author, −1 for the other's."""
    names = sorted({name for record in records for name in record.models if name})
    if not 2 <= len(names) <= MOST_MODELS:
        return {}
    found = {}
    for name in names:
        wrote = [(record.models[1] == name) - (record.models[0] == name) for record in records]
        found[f"chosen response by {name}"] = side * np.array(wrote, dtype=np.float64)
    return found


def _facet_columns(schema: TagSchema, tags: Tags, given: Collection[str]) -> dict[str, Floats]:
    """Tags of the facets that people or judges gave; what keyword rules guess is too coarse to learn from."""
    place = sum(len(one.edges) + 1 for one in schema.measures)
    found = {}
    for facet in schema.facets:
        for value in facet.values:
            share = float(tags[:, place].mean()) if len(tags) else 0.0
            if facet.name in given and LEAST_SHARE <= share <= 1 - LEAST_SHARE:
                found[f"{facet.name}: {value}"] = tags[:, place].astype(np.float64)
            place += 1
    return found


def _facets(described: Sequence[Mapping[str, Sequence[str]]]) -> list[Facet]:
    """The standard facets, and those that somebody used beside them, with the values found."""
    standard = {facet.name: facet for facet in FACETS}
    found: dict[str, set[str]] = {}
    for row in described:
        for name, values in row.items():
            found.setdefault(name, set()).update(values)
    facets = []
    for name in [*standard, *sorted(set(found) - set(standard))]:
        known = standard[name].values if name in standard else ()
        facets.append(Facet(name, (*known, *sorted(found.get(name, set()) - set(known)))))
    return facets


def _column(records: Sequence[PairRecord], name: str) -> Floats:
    return np.array([record.scores.get(name, np.nan) for record in records], dtype=np.float64)


def _lists(described: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in described.items() if values}
