"""Columns out of the table of settled pairs, as recipes want them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.formats.table import read_batches, read_column, schema_of, score_names
from curation.numerics.recipes import Columns, FeatureStore

# Scores that do not turn with the label; all others say the first over the second, but for these:
SAME = frozenset(
    {
        "distinct_3", "edit", "embedding", "entities", "language", "numbers", "refusal", "relevance",
        "rouge_1", "rouge_l",
    }
)  # fmt: skip
AGAINST = frozenset({"length", "markup"})
# JSON columns with a list for each name, one number for each response: rating:NAME, standing:QUESTION.
JUDGED = {"rating": "ratings", "standing": "standings"}


def table_columns(
    path: Path, *, references: Mapping[str, Callable[[], Any]] | None = None, wait: bool = True
) -> Columns:
    """Every column of a table, each read when it is asked for; slow ones are kept in a folder beside it."""
    schema = schema_of(path)
    names = {name.removeprefix("score:") for name in schema.names} | {
        f"{kind}:{name}" for kind in JUDGED for name in _judged(path, JUDGED[kind])
    }
    return Columns(
        size=int(pq.read_metadata(path).num_rows),
        load=lambda name: load_column(path, name),
        names=frozenset(names),
        scores={name.partition(":")[0]: _turn(name) for name in score_names(schema)},
        references=references or {},
        store=FeatureStore(path.parent / "features", wait=wait),
    )


def _turn(score: str) -> str:
    if score.endswith((":first", ":second")):
        return "both"
    if score in AGAINST:
        return "against"
    return "same" if score in SAME else "signed"


def load_column(path: Path, name: str) -> Any:
    """A column as recipes want it: arrays of numbers, Arrow arrays of texts."""
    if name == "prompt":
        return read_column(path, "prompt_text")
    kind, colon, what = name.partition(":")
    if colon and kind in JUDGED:
        return _of_each(path, JUDGED[kind], what)
    if kind == "objections":
        return _objections(path, [label.split("=") for label in what.split(",")])
    if name == "votes":
        return _votes(path)
    stored = name if name in schema_of(path).names else f"score:{name}"
    column = read_column(path, stored)
    if str(column.type) == "string":
        return column
    found = column.to_numpy()
    return found.astype(np.float64) if found.dtype == object else found


def _votes(path: Path) -> NDArray[np.float64]:
    """Votes as a matrix, shape (N, most votes), NaN beyond each pair's own."""
    column = read_column(path, "votes").combine_chunks()
    offsets = column.offsets.to_numpy()
    values = column.values.to_numpy().astype(np.float64)
    counts = np.diff(offsets)
    found = np.full((len(counts), max(int(counts.max(initial=0)), 1)), np.nan)
    rows = np.repeat(np.arange(len(counts)), counts)
    found[rows, np.arange(offsets[0], offsets[-1]) - np.repeat(offsets[:-1], counts)] = values[
        offsets[0] : offsets[-1]
    ]
    return found


def _judged(path: Path, column: str) -> set[str]:
    """Attributes or questions that some response was judged by."""
    found: set[str] = set()
    for batch in read_batches(path, columns=[column]):
        for text in batch.column(0).unique().to_pylist():
            found |= set(json.loads(text or "{}"))
    return found


def _of_each(path: Path, column: str, name: str) -> NDArray[np.float64]:
    """One number for each response, shape (N, most responses), NaN where there is none."""
    given = [json.loads(text or "{}").get(name, []) for text in read_column(path, column).to_pylist()]
    found = np.full((len(given), max(map(len, given), default=1)), np.nan)
    for row, values in enumerate(given):
        found[row, : len(values)] = [np.nan if value is None else value for value in values]
    return found


def _objections(path: Path, labels: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Of each response, shape (N, most responses): how many of the labels [QUESTION, VALUE] it got, in the
    mean over the judges who answered any of those questions about it; NaN where nobody did.

    A question that only follows from another (no wrong language is asked of spam) counts as not chosen.
    """
    for label in labels:
        if len(label) != 2:
            raise KeyError("=".join(label))
    found: list[list[float]] = []
    for batch in read_batches(path, columns=["judgments", "candidates"]):
        texts = (batch.column(name).to_pylist() for name in ("judgments", "candidates"))
        for judgments, candidates in zip(*texts, strict=True):
            answers = [one["answers"] for one in json.loads(judgments)]
            found.append([_objected(answers, labels, place) for place in range(len(json.loads(candidates)))])
    table = np.full((len(found), max(map(len, found), default=1)), np.nan)
    for row, values in enumerate(found):
        table[row, : len(values)] = values
    return table


def _objected(answers: Sequence[Mapping[str, Any]], labels: Sequence[Sequence[str]], place: int) -> float:
    counts = []
    for given in answers:
        said = {key: _about(given[key], place) for key, _value in labels if key in given}
        if any(one is not None for one in said.values()):
            counts.append(sum(value in (said.get(key) or ()) for key, value in labels))
    return sum(counts) / len(counts) if counts else float("nan")


def _about(answer: Any, place: int) -> list[str] | None:
    """The values chosen of a response; None where the answer says nothing of it."""
    chosen = answer.get(str(place)) if isinstance(answer, dict) else answer
    return [chosen] if isinstance(chosen, str) else chosen if isinstance(chosen, list) else None
