from __future__ import annotations

import hashlib
import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.formats.jsonl import json_line
from curation.formats.lines import json_lines
from curation.formats.table import TURNS, pair_keys

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', "\\", '\\"\\n\n', "\x00\x1f\x7f\x08", "\u2028é😀", ""]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.1 + 0.2, -0.0, 1e22, 5e-324])
TURN = st.fixed_dictionaries({"role": st.none() | TEXTS, "content": TEXTS})
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXTS,
            "turns": st.none() | st.lists(st.none() | TURN, max_size=3),
            "number": st.none() | NUMBERS,
            "numbers": st.none() | st.lists(st.none() | NUMBERS, max_size=3),
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
            "flag": st.none() | st.booleans(),
            "lists": st.none() | st.lists(st.none() | st.lists(TEXTS, max_size=2), max_size=2),
            'odd "name"\n': st.none(),
        }
    ),
    min_size=1,
    max_size=6,
)
SCHEMA = pa.schema(
    [
        ("text", pa.string()), ("turns", TURNS), ("number", pa.float64()),
        ("numbers", pa.list_(pa.float64())), ("whole", pa.int64()), ("flag", pa.bool_()),
        ("lists", pa.list_(pa.list_(pa.string()))), ('odd "name"\n', pa.null()),
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ROWS, st.integers(0, 6), st.integers(0, 6))
def test_lines_of_a_batch_are_those_of_its_rows(rows, start, count):
    batch = pa.RecordBatch.from_pylist(rows, SCHEMA).slice(start, count)

    assert json_lines(batch).to_pybytes() == b"".join(map(json_line, batch.to_pylist()))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        json_lines(pa.RecordBatch.from_pydict({"n": [1.0, number]}))


def test_a_pair_is_named_by_its_prompt_and_both_responses_in_any_order():
    prompts, one, other = pa.array(["p", "p"]), pa.array(["é", "z"]), pa.array(["z", "é"])

    # "z" comes before "é" by code point, and its length in bytes stands before it.
    named = hashlib.sha256("p\x1f1\x1fzé".encode()).hexdigest()
    assert pair_keys(prompts, one, other) == [named, named]
