"""Promises P21 and P28: what is exported comes back as it was, and a table is safe to open."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotate.readers.reading import read_items
from annotate.readers.rows import ItemRow
from annotate.readers.texts import is_blank
from curation.formats.folder import write_release
from curation.formats.registry import FORMATS
from curation.formats.spreadsheet import CsvFile, safe_cell
from tests.curation.formats.conftest import batch, frozen_row, key_of

# What a file of ours may hold: every character but halves of pairs and NUL, which no import lets in.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40) | st.sampled_from(
    [
        "=1+1",
        "'=1+1",
        "''",
        "\t=x",
        "\r\n",
        "−5",
        "＝1",
        "\ufeff=1",
        '"=1"',
        "-3.5",
        "@sum",
        "a\rb",
        "\u2028",
        "🌿",
    ]
)
READABLE = TEXTS.filter(lambda text: not is_blank(text))
PAIRS = st.lists(
    st.tuples(READABLE, READABLE, READABLE).filter(lambda row: row[1] != row[2]), min_size=1, max_size=6
)
# Sides as they come back: whether the first candidate is the chosen one, and where its files are.
WAYS = {
    ("items", "conversational", "jsonl/train.jsonl"): False,
    ("preference", "standard", "jsonl/train.jsonl"): True,
    ("preference", "standard", "data/train.parquet"): True,
    ("preference", "conversational", "jsonl/train.jsonl"): True,
    ("preference", "conversational", "data/train.parquet"): True,
    ("table", "standard", "csv/train.csv"): True,
}
FEW = settings(max_examples=60, deadline=None)


def exported(pairs, name, shape, folder):
    """Pairs (prompt, first, second), of which the second is chosen, as a release in a format."""
    rows = [
        frozen_row(
            place, prompt=[{"role": "user", "content": prompt}], prompt_text=prompt, first=first,
            second=second, chosen=second, rejected=first, pair_key=key_of(f"prompt-{place}", first, second),
        )
        for place, (prompt, first, second) in enumerate(pairs)
    ]  # fmt: skip
    made = FORMATS[name]
    return write_release(
        folder / "out", [batch(rows)], format=made, options=made.options({"shape": shape}), manifest={}
    ).folder


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way[:2]) + Path(way[2]).suffix)
@FEW
@given(pairs=PAIRS)
def test_what_is_exported_is_imported_exactly_and_in_order(way, pairs):
    name, shape, file = way
    with tempfile.TemporaryDirectory() as scratch:
        folder = exported(pairs, name, shape, Path(scratch))
        found = list(read_items(folder / file))

    assert all(isinstance(one, ItemRow) for one in found), found
    texts = [(one.prompt[0].content, *(side.text for side in one.candidates)) for one in found]
    turned = [(prompt, second, first) for prompt, first, second in pairs]
    assert texts == (turned if WAYS[way] else pairs)
    assert [one.external_id for one in found] == [f"row-{place}" for place in range(len(pairs))]


@settings(max_examples=500, deadline=None)
@given(text=st.text(CHARACTERS, max_size=30))
@example("'")
@example("\ufeff\uff1d1+1")
@example("  -2")
def test_no_cell_begins_as_a_formula_and_one_apostrophe_less_gives_it_back(text):
    made = safe_cell(text)

    assert made.removeprefix("'") == text if made != text else not text.startswith("'")
    bare = made.lstrip('"`\u2018\u2019\u201c\u201d\ufeff\u200b \u00a0')
    assert unicodedata.normalize("NFKC", bare[:1])[:1] not in tuple("=+-@\u2212")
    assert made[:1] not in ("\t", "\r", "\n", "\0")


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_plain_reader_of_csv_finds_the_same_cells(rows):
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.csv"
        with CsvFile(path, ["one", "other"]) as table:
            table.write([{"one": one, "other": other} for one, other in rows])
        read = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))

    assert [(row["one"], row["other"]) for row in read] == [tuple(map(safe_cell, row)) for row in rows]


def test_numbers_below_nought_are_texts_to_a_spreadsheet_and_numbers_elsewhere(tmp_path):
    folder = write_release(
        tmp_path / "out", [batch([frozen_row(1, **{"score:ln_ches:second": -0.125})])],
        format=FORMATS["table"], manifest={},
    ).folder  # fmt: skip
    with (folder / "csv/train.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)

    assert row["ln_ches"] == "'-0.125"
    assert row["margin"] == "0.25"
