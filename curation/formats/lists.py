"""Formats of one row per prompt with all its responses: LiPO, PRO, ratings, win rates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from curation.formats.arrays import text_type
from curation.formats.candidates import NEEDED, judgments_in, rankings_in, scores_in, texts_in
from curation.formats.options import Options, RowMaker
from curation.formats.singles import prompt_of, said
from curation.formats.table import question_of
from curation.numerics.listwise import gains, label_ranks, lambda_deltas, normalised, pro_temperatures

Row = Mapping[str, Any]
COLUMNS = (*NEEDED, "weight")


def listwise(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Responses with ψ, gain and rank, and the static Δ of each pair in it, by label rank."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts, scores = _scored(row, options)
        if len(texts) < 2:
            return
        psi, ranks = normalised(scores), label_ranks(scores)
        delta = lambda_deltas(psi, ranks)
        yield _listed(row, texts, options) | {
            "scores": [float(one) for one in scores],
            "psi": psi.tolist(),
            "gain": gains(psi).tolist(),
            "rank": ranks.tolist(),
            "lambda": [
                {"winner": high, "loser": low, "delta": float(delta[high, low])}
                for one, other in combinations(range(len(texts)), 2)
                if psi[one] != psi[other]
                for high, low in [(one, other) if psi[one] > psi[other] else (other, one)]
            ],
            "lambda_basis": "label_rank",
        }

    weight = pa.struct([("winner", pa.int64()), ("loser", pa.int64()), ("delta", pa.float64())])
    floats = pa.list_(pa.float64())
    return RowMaker(
        _schema(
            options, ("scores", floats), ("psi", floats), ("gain", floats), ("rank", pa.list_(pa.int64())),
            ("lambda", pa.list_(weight)), ("lambda_basis", pa.string()),
        ),
        rows, COLUMNS,
    )  # fmt: skip


def exploded(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Every two responses that differ, as a preference whose weight is their Δ."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        for whole in listwise(options, _frozen).rows(row):
            for one in whole["lambda"]:
                yield {
                    "id": f"{row['id']}:{one['winner']}>{one['loser']}",
                    "prompt": whole["prompt"],
                    "chosen": whole["responses"][one["winner"]],
                    "rejected": whole["responses"][one["loser"]],
                    "weight": one["delta"],
                    "item": row["item_key"],
                }

    text = text_type(options.shape)
    fields = [("id", pa.string()), ("prompt", text), ("chosen", text), ("rejected", text)]
    return RowMaker(pa.schema([*fields, ("weight", pa.float64()), ("item", pa.string())]), rows, COLUMNS)


def pro(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Responses best first with their rewards and the inverse temperatures of each."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts, scores = _scored(row, options)
        if len(texts) < 2:
            return
        order = np.argsort(-np.asarray(scores), kind="stable").tolist()
        rewards = [float(scores[place]) for place in order]
        yield _listed(row, [texts[place] for place in order], options) | {
            "rewards": rewards,
            "inverse_temperatures": pro_temperatures(rewards).tolist(),
        }

    floats = pa.list_(pa.float64())
    schema = _schema(options, ("rewards", floats), ("inverse_temperatures", pa.list_(floats)))
    return RowMaker(schema, rows, COLUMNS)


def attributes(options: Options, _frozen: pa.Schema) -> RowMaker:
    """A row per response with the mean of each attribute rounded to a whole number, as HelpSteer2 has it,
    and the means as JSON; an attribute that nobody rated is null."""
    names = [name.strip() for name in options.words["attributes"].split(",") if name.strip()]

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        ratings: dict[str, list[float | None]] = json.loads(row["ratings"])
        for place, text in enumerate(texts_in(row)):
            means = {name: values[place] for name, values in ratings.items()}
            if any(value is not None for value in means.values()):
                rounded = {name: _rounded(means.get(name)) for name in names}
                head = {"id": f"{row['id']}:{place}", "prompt": prompt_of(row, options)}
                yield head | {"response": said(text, options)} | rounded | {
                    "ratings": json.dumps(means, sort_keys=True), "item": row["item_key"]
                }  # fmt: skip

    text = text_type(options.shape)
    whole = [(name, pa.int64()) for name in names]
    schema = pa.schema(
        [("id", pa.string()), ("prompt", text), ("response", text), *whole, ("ratings", pa.string()),
         ("item", pa.string())]
    )  # fmt: skip
    return RowMaker(schema, rows, COLUMNS)


def win_rates(options: Options, frozen: pa.Schema) -> RowMaker:
    """Responses with the share of comparisons each wins against the others of its prompt, a tie as half:
    the target of SPPO (Wu et al., arXiv 2405.00675)."""
    question = question_of(frozen)

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts = texts_in(row)
        wins, total = _wins(row, len(texts), question)
        if total.sum():
            shares = np.divide(wins, total, out=np.full_like(wins, np.nan), where=total > 0)
            matrix = [[None if np.isnan(one) else float(one) for one in line] for line in shares]
            means = [_mean([one for one in line if one is not None]) for line in matrix]
            yield _listed(row, texts, options) | {"win_rate": means, "against": matrix}

    floats = pa.list_(pa.float64())
    return RowMaker(_schema(options, ("win_rate", floats), ("against", pa.list_(floats))), rows, COLUMNS)


def _wins(row: Row, count: int, question: str) -> tuple[np.ndarray, np.ndarray]:
    """Wins of the row's candidate over the column's, and comparisons, by every judge; ``question``: the
    preference that compares the first two."""
    wins, total = np.zeros((count, count)), np.zeros((count, count))

    def compare(one: int, other: int, share: float) -> None:
        wins[one, other] += share
        wins[other, one] += 1 - share
        total[one, other] += 1
        total[other, one] += 1

    for judgment in judgments_in(row):
        given = judgment["answers"].get(question)
        if given == "tie":
            compare(0, 1, 0.5)
        elif isinstance(given, int):
            compare(0, 1, float(given < 0))
    for groups in rankings_in(row):
        for place, group in enumerate(groups):
            for one, other in combinations(group, 2):
                compare(one, other, 0.5)
            for below in groups[place + 1 :]:
                for one in group:
                    for other in below:
                        compare(one, other, 1.0)
    return wins, total


def _scored(row: Row, options: Options) -> tuple[list[str], list[float]]:
    """The candidates that have a score, as stored."""
    pairs = zip(texts_in(row), scores_in(row, options.words["by"]), strict=True)
    known = [(text, score) for text, score in pairs if score is not None]
    return [text for text, _score in known], [score for _text, score in known]


def _listed(row: Row, texts: list[str], options: Options) -> dict[str, Any]:
    return {
        "id": row["id"],
        "prompt": prompt_of(row, options),
        "responses": [said(text, options) for text in texts],
        "item": row["item_key"],
    }


def _schema(options: Options, *fields: tuple[str, pa.DataType]) -> pa.Schema:
    text = text_type(options.shape)
    head = [("id", pa.string()), ("prompt", text), ("responses", pa.list_(text))]
    return pa.schema([*head, *fields, ("item", pa.string())])


def _rounded(value: float | None) -> int | None:
    return None if value is None else int(np.floor(value + 0.5))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
