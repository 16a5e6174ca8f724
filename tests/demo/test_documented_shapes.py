"""docs/import.md is a promise: each of its examples is read as the page says, and no code is left out."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from annotate.readers.faults import CURES
from annotate.readers.reading import read_items
from annotate.readers.rows import ItemRow, Message

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "import.md").read_text()
EXAMPLES = re.findall(r"^```(jsonl|csv)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def read(folder: Path, kind: str, text: str) -> list[ItemRow]:
    path = folder / f"example.{kind}"
    path.write_text(text)
    found = list(read_items(path))
    assert [one for one in found if not isinstance(one, ItemRow)] == []
    return [one for one in found if isinstance(one, ItemRow)]


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_an_example_is_one_good_row_plain_or_compressed(tmp_path, place):
    kind, text = EXAMPLES[place]
    packed = tmp_path / "example.gz"
    packed.write_bytes(gzip.compress(text.encode()))

    rows = read(tmp_path, kind, text)

    assert len(rows) == 1
    assert list(read_items(packed)) == rows


def test_the_page_shows_every_shape(tmp_path):
    shapes = [read(tmp_path, kind, text)[0] for kind, text in EXAMPLES]

    assert [len(row.candidates) for row in shapes] == [0, *[2] * 10]
    assert [len(row.prompt) for row in shapes] == [1, 3, *[1] * 9]
    assert [len(row.judgments) for row in shapes] == [0, 0, 2, *[0] * 4, *[1] * 4]


def test_a_recorded_judgment_reads_as_the_page_says(tmp_path):
    person, model = read(tmp_path, *EXAMPLES[2])[0].judgments

    assert (person.judge, person.kind, person.answers, person.order) == (
        "ann-7",
        "person",
        {"preference": -3},
        (1, 0),
    )
    assert (model.version, model.answers, model.order) == ("2", {"preference": "tie"}, None)


def test_prompts_that_are_left_out_are_found_in_what_both_sides_begin_with(tmp_path):
    for place in (-1, -2):
        row = read(tmp_path, *EXAMPLES[place])[0]

        assert row.prompt == (Message("user", "Is 91 a prime?"),)
        assert [one.text for one in row.candidates] == ["No: 7 × 13.", "Yes."]
        assert [one.answers for one in row.judgments] == [{"preference": -1}]
        assert row.judgments[0].judge == "dataset label"


def test_every_code_stands_on_the_page_with_its_cure():
    for code, cure in CURES.items():
        assert f"| `{code}` | {cure} |" in PAGE
