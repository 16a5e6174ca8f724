"""Formats that keep the judges apart: raw judgments, MultiPref, per-judge preferences, spans, items."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from curation.formats.arrays import text_type
from curation.formats.candidates import NEEDED, candidates_in, judgments_in, spans_in, texts_in
from curation.formats.options import Options, RowMaker
from curation.formats.singles import prompt_of, said
from curation.formats.table import question_of

Row = Mapping[str, Any]
WORDS = {
    -3: "A-is-clearly-better", -2: "A-is-clearly-better", -1: "A-is-slightly-better", 0: "Tie",
    1: "B-is-slightly-better", 2: "B-is-clearly-better", 3: "B-is-clearly-better",
}  # fmt: skip
SPAN = pa.struct(
    [
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("label", pa.string()),
        ("severity", pa.string()),
        ("judge", pa.string()),
    ]
)


def raw_judgments(_options: Options, frozen: pa.Schema) -> RowMaker:
    """A row per judgment: who, in which order they saw the sides, and every answer as JSON."""
    question = question_of(frozen)

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        for place, one in enumerate(judgments_in(row)):
            yield {
                "id": f"{row['id']}:{place}",
                "item": row["item_key"],
                "judge": one["judge"],
                "kind": one["kind"],
                "preference": _text(one["answers"].get(question)),
                "answers": json.dumps(one["answers"], ensure_ascii=False, sort_keys=True),
                "shown_order": one["order"],
                "seconds": one["seconds"],
                "guidelines": one["guidelines"],
            }

    schema = pa.schema(
        [
            ("id", pa.string()), ("item", pa.string()), ("judge", pa.string()), ("kind", pa.string()),
            ("preference", pa.string()), ("answers", pa.string()), ("shown_order", pa.list_(pa.int64())),
            ("seconds", pa.float64()), ("guidelines", pa.int64()),
        ]
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED)


def per_judge(options: Options, frozen: pa.Schema) -> RowMaker:
    """A preference per judge who chose a side: what one person, or one group, wants."""
    question = question_of(frozen)

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts = texts_in(row)
        for place, one in enumerate(judgments_in(row)):
            given = one["answers"].get(question)
            if isinstance(given, int) and given:
                chosen = int(given > 0)
                yield {
                    "id": f"{row['id']}:{place}",
                    "prompt": prompt_of(row, options),
                    "chosen": said(texts[chosen], options),
                    "rejected": said(texts[1 - chosen], options),
                    "margin": abs(given) / 3,
                    "judge": one["judge"],
                    "kind": one["kind"],
                    "item": row["item_key"],
                }

    text = text_type(options.shape)
    schema = pa.schema(
        [
            ("id", pa.string()), ("prompt", text), ("chosen", text), ("rejected", text),
            ("margin", pa.float64()), ("judge", pa.string()), ("kind", pa.string()), ("item", pa.string()),
        ]
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED)


def multipref(_options: Options, frozen: pa.Schema) -> RowMaker:
    """A row per comparison with both responses as stored and all annotations in MultiPref's words; the
    project's other preferences are its aspects."""
    question = question_of(frozen)

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        texts = texts_in(row)
        if len(texts) < 2:
            return
        votes = [
            (one, number)
            for one in judgments_in(row)
            if (number := _number(one["answers"].get(question))) is not None
        ]
        sides = Counter("A" if number < 0 else "B" if number > 0 else "Tie" for _one, number in votes)
        leaders = [side for side, count in sides.items() if count == max(sides.values())]
        yield {
            "comparison_id": row["id"],
            "prompt": row["prompt"][-1]["content"],
            "completion_a": texts[0],
            "completion_b": texts[1],
            "overall": leaders[0] if len(leaders) == 1 else None,
            "mean_strength": sum(number for _one, number in votes) / len(votes) if votes else None,
            "annotations": [
                {"annotator": one["judge"], "kind": one["kind"], "overall_pref": in_words(number),
                 "aspects": json.dumps(_aspects(one["answers"], question), sort_keys=True)}
                for one, number in votes
            ],
            "item": row["item_key"],
        }  # fmt: skip

    annotation = pa.struct([(name, pa.string()) for name in ("annotator", "kind", "overall_pref", "aspects")])
    schema = pa.schema(
        [
            ("comparison_id", pa.string()), ("prompt", pa.string()), ("completion_a", pa.string()),
            ("completion_b", pa.string()), ("overall", pa.string()), ("mean_strength", pa.float64()),
            ("annotations", pa.list_(annotation)), ("item", pa.string()),
        ]
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED)


def span_masks(options: Options, _frozen: pa.Schema) -> RowMaker:
    """Preferences with the spans that judges marked on either side, as code point offsets: any tokenizer
    turns them into masks."""

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        chosen = row["chosen_position"]
        if chosen < 0:
            return
        texts = texts_in(row)
        sides = {"chosen": chosen, "rejected": row["rejected_position"]}
        spans = {f"{side}_spans": spans_in(row, position) for side, position in sides.items()}
        if any(spans.values()):
            yield {
                "id": row["id"],
                "prompt": prompt_of(row, options),
                **{side: said(texts[position], options) for side, position in sides.items()},
                **spans,
                "item": row["item_key"],
            }

    text = text_type(options.shape)
    schema = pa.schema(
        [
            ("id", pa.string()), ("prompt", text), ("chosen", text), ("rejected", text),
            ("chosen_spans", pa.list_(SPAN)), ("rejected_spans", pa.list_(SPAN)), ("item", pa.string()),
        ]
    )  # fmt: skip
    return RowMaker(schema, rows, NEEDED)


def token_mask(spans: list[tuple[int, int]], offsets: list[tuple[int, int]]) -> list[bool]:
    """For each token, given by its half-open range of code points, whether any span touches it."""
    return [any(one < end and start < other for one, other in spans) for start, end in offsets]


def whole_items(_options: Options, frozen: pa.Schema) -> RowMaker:
    """Our own import shape: every candidate and every judgment, so that a release can be imported again."""
    # Releases frozen before prompts could show pictures have no column of them.
    pictured = [name for name in ("images",) if name in frozen.names]

    def rows(row: Row) -> Iterator[dict[str, Any]]:
        meta = json.loads(row["meta"] or "{}")
        images = {name: json.loads(row[name]) for name in pictured if row[name]}
        yield {
            "id": row["id"],
            "prompt": row["prompt"],
            **images,
            "candidates": candidates_in(row),
            "judgments": [_own_judgment(one) for one in judgments_in(row)],
            "meta": meta,
        }

    schema = pa.schema([(name, pa.string()) for name in ("id", "prompt", "candidates", "judgments", "meta")])
    return RowMaker(schema, rows, (*NEEDED, "meta", *pictured))


def _own_judgment(one: Mapping[str, Any]) -> dict[str, Any]:
    name, _at, version = one["judge"].partition("@") if one["kind"] == "model" else (one["judge"], "", "")
    made = {"judge": name, "kind": one["kind"], "answers": one["answers"], "order": one["order"]}
    optional = {"version": version or None, "seconds": one["seconds"]}
    return made | {key: value for key, value in optional.items() if value is not None}


def _number(given: Any) -> int | None:
    if given == "tie":
        return 0
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def in_words(number: int) -> str:
    """MultiPref knows no more than clearly better, however far the project's scale goes."""
    return WORDS[max(-3, min(3, number))]


def _aspects(answers: Mapping[str, Any], question: str) -> dict[str, Any]:
    """Preferences besides the one that the rows are about, in the same words."""
    found = {}
    for key, given in answers.items():
        number = _number(given)
        if key != question and number is not None:
            found[key] = in_words(number)
    return found


def _text(given: Any) -> str | None:
    return None if given is None else str(given)
