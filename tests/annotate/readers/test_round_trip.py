from __future__ import annotations

import csv
import gzip
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.readers.limits import DEFAULT_LIMITS
from annotate.readers.lines import Line, lines
from annotate.readers.reading import read_items
from annotate.readers.rows import CandidateRow, FileRefused, ItemRow, Message
from annotate.readers.texts import is_blank

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
READABLE = TEXT.filter(lambda text: not is_blank(text))
FLAT = st.fixed_dictionaries({"prompt": READABLE, "response_a": READABLE, "response_b": READABLE}).filter(
    lambda row: row["response_a"] != row["response_b"]
)
TABLES = st.lists(FLAT, min_size=1, max_size=8).map(
    lambda rows: [{"id": f"r{index}"} | row for index, row in enumerate(rows)]
)
with_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def texts(found: Any) -> dict[str, str]:
    assert isinstance(found, ItemRow)
    first, second = found.candidates
    return {
        "id": found.external_id,
        "prompt": found.prompt[0].content,
        "response_a": first.text,
        "response_b": second.text,
    }


@with_one_folder
@given(
    rows=TABLES, ascii_only=st.booleans(), packed=st.booleans(), end=st.sampled_from(["\n", "\r\n", "\n\n"])
)
def test_any_valid_json_row_comes_back_as_it_was(
    rows: list[dict[str, str]], ascii_only: bool, packed: bool, end: str, tmp_path: Path
) -> None:
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + end for row in rows).encode()
    path = tmp_path / "rows.jsonl"
    path.write_bytes(gzip.compress(data) if packed else data)

    assert [texts(found) for found in read_items(path)] == rows


@with_one_folder
@given(rows=TABLES, end=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
def test_any_valid_table_comes_back_as_it_was(
    rows: list[dict[str, str]], end: str, mark: bool, tmp_path: Path
) -> None:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "rows.csv"
    path.write_text(table.getvalue(), encoding="utf-8-sig" if mark else "utf-8", newline="")

    assert [texts(found) for found in read_items(path)] == rows


@with_one_folder
@given(turns=st.lists(READABLE, min_size=1, max_size=4), replies=st.lists(TEXT, max_size=5, unique=True))
def test_any_own_row_comes_back_as_it_was(turns: list[str], replies: list[str], tmp_path: Path) -> None:
    row = {
        "id": "q",
        "prompt": [{"role": "user", "content": turn} for turn in turns],
        "candidates": [{"text": reply} for reply in replies],
    }
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")

    assert list(read_items(path)) == [
        ItemRow(
            1,
            1,
            "q",
            tuple(Message("user", turn) for turn in turns),
            tuple(CandidateRow(reply) for reply in replies),
        )
    ]


@with_one_folder
@given(start=READABLE, chosen=READABLE, rejected=READABLE)
def test_prompt_found_in_both_sides_and_the_rest_make_up_the_sides(
    start: str, chosen: str, rejected: str, tmp_path: Path
) -> None:
    row = {"chosen": f"{start} 1{chosen}", "rejected": f"{start} 2{rejected}"}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")

    (found,) = read_items(path)

    assert isinstance(found, ItemRow)
    assert [found.prompt[0].content + side.text for side in found.candidates] == [
        row["chosen"],
        row["rejected"],
    ]


ROWS = (
    b'{"id": "r1", "prompt": "p", "response_a": "a", "response_b": "b"}\n{"id": "r2", "prompt": "p"}\n',
    b'id,prompt,response_a,response_b\nr1,p,"a""\n",b\n',
    b'{"chosen": "\\n\\nHuman: a\\n\\nAssistant: b", "rejected": [{"role": "user", "content": ""}]}',
    b'{"id": "q", "prompt": "p", "judgments": [{"judge": "a", "kind": "model", "answers": {}}]}',
)


@with_one_folder
@given(
    data=st.binary(max_size=40)
    | st.builds(
        lambda data, at, new: data[: at % len(data)] + new + data[at % len(data) + len(new) :],
        st.sampled_from(ROWS),
        st.integers(0, 200),
        st.binary(max_size=3),
    ),
    packed=st.booleans(),
    name=st.sampled_from(["a.jsonl", "a.csv", "a"]),
)
def test_any_bytes_end_in_rows_defects_or_a_refusal(
    data: bytes, packed: bool, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(gzip.compress(data) if packed else data)

    with suppress(FileRefused):
        found = list(read_items(path, name=name))
        assert found != []


@given(data=st.binary(max_size=80).map(lambda data: data.replace(b"\r", b"\n")), size=st.integers(1, 9))
def test_lines_do_not_depend_on_how_blocks_are_cut(data: bytes, size: int) -> None:
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    expected = data.removesuffix(b"\n").split(b"\n") if data else []

    assert list(lines(blocks, limits=DEFAULT_LIMITS)) == [
        Line(number, line, False) for number, line in enumerate(expected, 1) if line.strip()
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_table_does_not_depend_on_how_blocks_are_cut(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'id,prompt,response_a,response_b\r\nr1,p,"a""\r\n,b","c"\r\nr2,"",x,y\nr3,q"q,x,y\nr4,p,"x",y'
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    whole = list(read_items(path))

    monkeypatch.setattr("annotate.readers.lines.BLOCK", size)
    monkeypatch.setattr("annotate.readers.lines.HEAD", 1)

    assert list(read_items(path)) == whole
    assert [type(found).__name__ for found in whole] == ["ItemRow", "Defect", "Defect", "ItemRow"]
