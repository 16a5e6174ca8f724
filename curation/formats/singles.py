"""Formats of one row per response: prompts alone, completions, thumbs up and down, steps, best of n."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from curation.formats.arrays import text_type
from curation.formats.candidates import NEEDED, plain_prompt, scores_in, spans_in, texts_in
from curation.formats.options import BOTH_BAD, BOTH_GOOD, STANDARD, Options, RowMaker
from curation.formats.pairs import VERDICT_OF
from curation.numerics.listwise import best_of_n, step_labels

Row = Mapping[str, Any]
NEEDED_SIDES = (*NEEDED, "chosen", "rejected", "margin", "weight", "confidence")


def prompt_only(options: Options, _frozen: pa.Schema) -> RowMaker:
    def rows(row: Row) -> Iterator[dict[str, Any]]:
        yield {"id": row["id"], "prompt": prompt_of(row, options), "item": row["item_key"]}

    text = text_type(options.shape)
    return RowMaker(_schema(("prompt", text), ("item", pa.string())), rows, NEEDED_SIDES)


def prompt_completion(options: Options, _frozen: pa.Schema) -> RowMaker:
    """The chosen response of each pair that has one."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        if row["chosen_position"] >= 0:
            yield completion(row, row["chosen"], options) | {"weight": row["weight"]}

    text = text_type(options.shape)
    schema = _schema(("prompt", text), ("completion", text), ("weight", pa.float64()), ("item", pa.string()))
    return RowMaker(schema, rows, NEEDED_SIDES)


def unpaired(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Both sides of each pair with a thumb; or, with ``by`` given, every candidate whose score reaches
    ``threshold``."""
    by, least = options.words["by"], options.numbers["threshold"]

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        if by != "verdict":
            scores = scores_in(row, by)
            labels = [None if score is None else score >= least for score in scores]
            sides = list(zip(texts_in(row), labels, strict=True))
        else:
            sides = _thumbs(row, options)
        for place, (text, label) in enumerate(sides):
            if label is not None:
                made = completion(row, text, options) | {"label": label, "weight": row["weight"]}
                yield made | {"id": f"{row['id']}:{place}"}

    text = text_type(options.shape)
    schema = _schema(
        ("prompt", text), ("completion", text), ("label", pa.bool_()), ("weight", pa.float64()),
        ("item", pa.string()),
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED_SIDES)


def _thumbs(row: Row, options: Options) -> list[tuple[str, bool | None]]:
    if row["chosen_position"] >= 0:
        return [(row["chosen"], True), (row["rejected"], False)]
    policy = next((options.policies[name] for name, code in VERDICT_OF.items() if code == row["verdict"]), "")
    label = {BOTH_GOOD: True, BOTH_BAD: False}.get(policy)
    return [(text, label) for text in texts_in(row)[:2]]


def best(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Of each prompt's candidates the one with the highest score, if it reaches ``min_score``."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts, scores = texts_in(row), scores_in(row, options.words["by"])
        place = best_of_n(scores, [len(text) for text in texts])
        if place is not None and (scores[place] or 0.0) >= options.numbers["min_score"]:
            made = completion(row, texts[place], options)
            yield made | {"score": scores[place], "n_candidates": len(texts), "position": place}

    text = text_type(options.shape)
    schema = _schema(
        ("prompt", text), ("completion", text), ("score", pa.float64()), ("n_candidates", pa.int64()),
        ("position", pa.int64()), ("item", pa.string()),
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED_SIDES)


def reward_augmented(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Two rows per scored pair: asked for the better score, the better side is chosen; asked for the worse
    one, the worse side. Equal scores give one row (Zhang et al., arXiv 2410.08067).

    Scores are the means of ``by``; where nobody rated, the pair's own strength stands for them.
    """

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        scored = _scored_sides(row, options.words["by"])
        if scored is None or scored[0] < scored[1]:
            return
        (high, low), sides = scored, (row["chosen"], row["rejected"])
        for place, goal in enumerate((high, low) if high > low else (high,)):
            chosen, rejected = sides if place == 0 else sides[::-1]
            yield {
                "id": f"{row['id']}:{place}",
                "prompt": _with_goal(row, goal, options),
                "chosen": said(chosen, options),
                "rejected": said(rejected, options),
                "goal": goal,
                "item": row["item_key"],
            }

    text = text_type(options.shape)
    schema = _schema(
        ("prompt", text), ("chosen", text), ("rejected", text), ("goal", pa.float64()), ("item", pa.string())
    )
    return RowMaker(schema, rows, NEEDED_SIDES)


def _scored_sides(row: Row, by: str) -> tuple[float, float] | None:
    if row["chosen_position"] < 0:
        return None
    scores = scores_in(row, by)
    high, low = scores[row["chosen_position"]], scores[row["rejected_position"]]
    return None if high is None or low is None else (high, low)


def goal_text(goal: float) -> str:
    """The wish as a system message; a whole number is written without its zero."""
    return f"Write a response whose quality is {goal:g} on a scale from 1 to 10."


def _with_goal(row: Row, goal: float, options: Options) -> Any:
    if options.shape == STANDARD:
        return f"{goal_text(goal)}\n\n{plain_prompt(row)}"
    prompt = [dict(turn) for turn in row["prompt"]]
    if prompt and prompt[0]["role"] == "system":
        prompt[0]["content"] = f"{prompt[0]['content']}\n\n{goal_text(goal)}"
        return prompt
    return [{"role": "system", "content": goal_text(goal)}, *prompt]


def stepwise(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Each response as its steps, which empty lines set apart; a step that a judge's span touches is wrong.

    ``rule`` first_error makes every step after the first wrong one wrong as well; independent does not.
    """

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        for position, text in enumerate(texts_in(row)):
            spans = spans_in(row, position)
            parts = steps_in(text)
            if len(parts) < 2 or not any(spans_in(row, other) for other in range(len(texts_in(row)))):
                continue
            wrong = [any(one["start"] < end and start < one["end"] for one in spans)
                     for start, end in parts]  # fmt: skip
            labels = [not one for one in wrong]
            if options.words["rule"] == "first_error":
                labels = step_labels(len(parts), wrong.index(True) if True in wrong else None)
            yield {
                "id": f"{row['id']}:{position}",
                "prompt": plain_prompt(row),
                "completions": [text[start:end] for start, end in parts],
                "labels": labels,
                "item": row["item_key"],
            }

    schema = _schema(
        ("prompt", pa.string()), ("completions", pa.list_(pa.string())), ("labels", pa.list_(pa.bool_())),
        ("item", pa.string()),
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED_SIDES)


def steps_in(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the steps of a text, set apart by empty lines; white space around them is left."""
    found = re.finditer(r"\S(?:.*?\S)??(?=\s*\n[^\S\n]*\n|\s*\Z)", text, re.DOTALL)
    return [match.span() for match in found]


def kto_weights(positive: int, negative: int) -> dict[str, float]:
    """Weights that bring wanted and unwanted examples to 1:1, the fewer raised; and how far the wanted may
    go, for (w₊n₊)/(w₋n₋) may lie from 1:1 to 4:3 (TRL, "KTO Trainer")."""
    if not positive or not negative:
        return {"desirable_weight": 1.0, "undesirable_weight": 1.0}
    if positive < negative:
        up = negative / positive
        return {"desirable_weight": up, "undesirable_weight": 1.0, "desirable_weight_up_to": up * 4 / 3}
    up = positive / negative
    return {"desirable_weight": 1.0, "undesirable_weight": up, "undesirable_weight_from": up * 3 / 4}


def completion(row: Row, text: str, options: Options) -> dict[str, Any]:
    return {
        "id": row["id"],
        "prompt": prompt_of(row, options),
        "completion": said(text, options),
        "item": row["item_key"],
    }


def prompt_of(row: Row, options: Options) -> Any:
    return plain_prompt(row) if options.shape == STANDARD else row["prompt"]


def said(text: str, options: Options) -> Any:
    return text if options.shape == STANDARD else [{"role": "assistant", "content": text}]


def _schema(*fields: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema([pa.field("id", pa.string()), *(pa.field(name, kind) for name, kind in fields)])
