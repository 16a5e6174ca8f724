"""Rows as TRL records: shapes, numbers, the way to the implicit form and back, and rows that are refused."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.formats.jsonl import compact_json, json_line
from curation.formats.parquet import SCHEMA
from curation.formats.rows import PairRow, RowRefused
from curation.formats.trl import fits_standard, to_conversational, to_explicit, to_implicit, to_standard

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXT}),
    min_size=1,
    max_size=4,
)


def test_conversational_record_holds_messages_and_every_column_in_order(rows):
    record = to_conversational(rows[1])

    assert list(record) == SCHEMA.names
    assert record == {
        "id": "row-1",
        "prompt": [{"role": "user", "content": "Name colour 1."}],
        "chosen": [{"role": "assistant", "content": "Colour 1 is green 🌿 and lasts."}],
        "rejected": [{"role": "assistant", "content": "no\r\nidea\u2028at all"}],
        "strength": 0.75,
        "margin": 0.25,
        "confidence": 2 / 3,
        "n_judges": 3,
        "chosen_model": "model-a",
        "rejected_model": "model-b",
        "ln_ches": -0.125,
        "provenance": '{"line":1,"source":"made here"}',
    }


def test_standard_record_holds_plain_texts_for_a_single_user_turn(rows):
    assert fits_standard(rows[1])
    assert [to_standard(rows[1])[key] for key in ("prompt", "chosen")] == [
        "Name colour 1.",
        "Colour 1 is green 🌿 and lasts.",
    ]


def test_standard_record_of_several_turns_is_refused(rows):
    assert not fits_standard(rows[2])
    with pytest.raises(ValueError, match="conversational"):
        to_standard(rows[2])


@settings(max_examples=40, deadline=None)
@given(TURNS, TEXT, TEXT)
def test_implicit_record_gives_the_explicit_one_back(prompt, chosen, rejected):
    row = PairRow("a", prompt, chosen, rejected, strength=1, margin=0, confidence=1, n_judges=1)
    record = to_conversational(row)

    assert to_explicit(to_implicit(record)) == record


def test_implicit_record_is_what_trl_takes_the_same_prompt_out_of(rows):
    data_utils = pytest.importorskip("trl.data_utils")
    record = to_conversational(rows[2])

    taken = data_utils.extract_prompt(to_implicit(record))

    assert [taken[key] for key in ("prompt", "chosen", "rejected")] == [
        record[key] for key in ("prompt", "chosen", "rejected")
    ]
    assert data_utils.is_conversational(record)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"margin": -0.1}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"strength": 3.5}, "strength"),
        ({"confidence": 1.2}, "confidence"),
        ({"n_judges": -1}, "n_judges"),
        ({"ln_ches": float("inf")}, "ln_ches"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [{"role": "tool", "content": ""}]}, "prompt[0].role"),
        ({"prompt": [{"role": "user", "content": None}]}, "prompt[0].content"),
        ({"chosen": None}, "chosen"),
        ({"rejected": "half \ud83d"}, "rejected"),
    ],
)
def test_row_that_cannot_be_exported_names_its_field(rows, change, field):
    with pytest.raises(RowRefused) as caught:
        dataclasses.replace(rows[0], **change)

    assert (caught.value.row_id, caught.value.field) == ("row-0", field)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_json_never_writes_what_json_does_not_know(number):
    with pytest.raises(ValueError, match="JSON"):
        json_line({"value": number})
    with pytest.raises(ValueError, match="JSON"):
        compact_json({"value": [number]})


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
)
def test_json_line_is_one_line_and_reads_back(record):
    line = json_line(record)

    assert line.count(b"\n") == 1
    assert json.loads(line) == record
