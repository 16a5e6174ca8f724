"""What the rows say of each candidate: its text, its scores, and the answers that are about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from curation.formats.options import FormatError
from curation.numerics.listwise import mean_ranks

NEEDED = (
    "id", "prompt", "first", "second", "candidates", "judgments", "ratings", "standings", "chosen_position",
    "rejected_position", "item_key", "verdict",
)  # fmt: skip


def candidates_in(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every candidate as stored, one where a response was judged by itself; the first two texts come from
    their columns."""
    found: list[dict[str, Any]] = json.loads(row["candidates"])
    for place, text in enumerate((row["first"], row["second"])[: len(found)]):
        found[place] = {"text": text} | found[place]
    return found


def texts_in(row: Mapping[str, Any]) -> list[str]:
    return [one["text"] for one in candidates_in(row)]


def judgments_in(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(row["judgments"])
    return found


def scores_in(row: Mapping[str, Any], by: str) -> list[float | None]:
    """One score for each candidate, by ``by``: ``mean`` of the rated attributes, ``ranking``, the name of an
    attribute or of a question that puts responses in an order, or ``auto``: the first of ratings, rankings
    and the verdict that there is."""
    count = len(texts_in(row))
    ratings: dict[str, list[float | None]] = json.loads(row["ratings"])
    if by not in ("auto", "mean", "ranking", "verdict"):
        standings: dict[str, list[float | None]] = json.loads(row["standings"] or "{}")
        return ratings.get(by) or standings.get(by) or [None] * count
    if by in ("auto", "mean") and ratings:
        return [_mean([values[place] for values in ratings.values()]) for place in range(count)]
    if by in ("auto", "ranking") and (found := rankings_in(row)):
        return mean_ranks(found, count)
    if by in ("auto", "verdict") and row["chosen_position"] >= 0:
        sides = {row["chosen_position"]: 1.0, row["rejected_position"]: 0.0}
        return [sides.get(place) for place in range(count)]
    if by in ("auto", "verdict") and row["verdict"] == 2:
        return [1.0 if place < 2 else None for place in range(count)]
    return [None] * count


def rankings_in(row: Mapping[str, Any]) -> list[list[list[int]]]:
    """Every ranking that a judge gave, best first, with groups for ties."""
    return [
        answer
        for one in judgments_in(row)
        for answer in one["answers"].values()
        if isinstance(answer, list) and answer and all(isinstance(group, list) for group in answer)
    ]


def spans_in(row: Mapping[str, Any], position: int) -> list[dict[str, Any]]:
    """The spans that judges marked in one candidate, in their order, each with who marked it."""
    found = [
        {**{key: span[key] for key in ("start", "end", "label")}, "severity": span.get("severity"),
         "judge": one["judge"]}
        for one in judgments_in(row)
        for answer in one["answers"].values()
        if isinstance(answer, list)
        for span in answer
        if isinstance(span, dict) and span.get("candidate") == position
    ]  # fmt: skip
    return sorted(found, key=lambda span: (span["start"], span["end"], span["judge"]))


def plain_prompt(row: Mapping[str, Any]) -> str:
    """The prompt of one user turn. Raises FormatError for any other."""
    prompt = row["prompt"]
    if [turn["role"] for turn in prompt] != ["user"]:
        raise FormatError(
            f"Row {row['id']} has more than one user turn, which plain texts cannot say.", field="shape",
            cure="Choose the conversational shape.",
        )  # fmt: skip
    return str(prompt[0]["content"])


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
