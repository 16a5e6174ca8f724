from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.readers.limits import Limits
from annotate.readers.reading import read_items
from annotate.readers.rows import CandidateRow, Defect, FileRefused, ItemRow, JudgmentRow, Message

HEADER = b"id,prompt,response_a,response_b\n"
ReadBytes = Callable[..., list[ItemRow | Defect]]


def test_cell_over_several_lines_keeps_its_line_ends_and_counts_them(read_bytes: ReadBytes) -> None:
    data = HEADER + b'r1,p,"a ""x""\r\n\rb",c\r\n\nr2,p,"",c\nr3,p,a,b'

    first, blank, last = read_bytes(data, "t.csv")

    assert first == ItemRow(
        2, 1, "r1", (Message("user", "p"),), (CandidateRow('a "x"\r\n\rb'), CandidateRow("c"))
    )
    assert isinstance(blank, Defect)
    assert (blank.line, blank.line_end, blank.record, blank.code, blank.field) == (
        5,
        5,
        2,
        "blank",
        "response_a",
    )
    assert isinstance(last, ItemRow)
    assert (last.line, last.record, last.external_id) == (6, 3, "r3")


def test_defect_in_a_long_record_names_its_first_and_last_line(read_bytes: ReadBytes) -> None:
    _, bad = read_bytes(HEADER + b'r1,p,a,b\nr2,"p\n\n",a,b,c\n', "t.csv")

    assert isinstance(bad, Defect)
    assert (bad.line, bad.line_end, bad.code, bad.place) == (3, 5, "ragged", "lines 3-5")


@pytest.mark.parametrize(
    ("record", "code"), [(b'r2,p,5" nail,b', "bad_quote"), (b"r2,p,a\rb,c", "bad_line_end")]
)
def test_loose_quote_or_return_spoils_its_own_row_only(
    record: bytes, code: str, read_bytes: ReadBytes
) -> None:
    first, bad, last = read_bytes(HEADER + b"r1,p,a,b\n" + record + b"\nr3,p,a,b\n", "t.csv")

    assert isinstance(first, ItemRow)
    assert isinstance(bad, Defect)
    assert (bad.line, bad.code) == (3, code)
    assert isinstance(last, ItemRow)


@pytest.mark.parametrize(
    ("tail", "line", "line_end"),
    [(b'r2,"p\nq,a,b\nr3,p,a,b\n', 3, 5), (b'r2,p,"a\n\n"b,c\nr3,p,a,b\n', 3, 3), (b'r2,p,a,"', 3, 3)],
)
def test_quote_that_hides_where_rows_end_refuses_the_file_at_the_opening(
    tail: bytes, line: int, line_end: int, read_bytes: ReadBytes
) -> None:
    with pytest.raises(FileRefused) as refused:
        read_bytes(HEADER + b"r1,p,a,b\n" + tail, "t.csv")

    (defect,) = refused.value.defects
    assert (defect.line, defect.line_end, defect.record, defect.code) == (line, line_end, 2, "bad_quote")


def test_table_of_prompts_waits_for_candidates(read_bytes: ReadBytes) -> None:
    assert read_bytes(b"id,prompt,subject\nq1,Why?,maths\n", "t.csv") == [
        ItemRow(2, 1, "q1", (Message("user", "Why?"),), (), (), {"subject": "maths"})
    ]


def test_table_of_preferences_is_labelled(read_bytes: ReadBytes) -> None:
    (item,) = read_bytes(b"id,prompt,chosen,rejected\n7,Why?,So,Because\n", "t.csv")

    label = JudgmentRow(judge="dataset label", kind="person", answers={"preference": -1})
    assert item == ItemRow(
        2, 1, "7", (Message("user", "Why?"),), (CandidateRow("So"), CandidateRow("Because")), (label,)
    )


def test_old_mac_line_ends_are_named(read_bytes: ReadBytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read_bytes(HEADER.replace(b"\n", b"\r") + b"r1,p,a,b\r", "t.csv")

    assert [defect.code for defect in refused.value.defects] == ["bad_line_end"]


def test_content_goes_before_the_name(read_bytes: ReadBytes) -> None:
    row = b'{"id": "q1", "prompt": "Why?"}\n'
    expected = [ItemRow(1, 1, "q1", (Message("user", "Why?"),), ())]

    assert read_bytes(row, "t.csv") == expected
    assert read_bytes(gzip.compress(row), "t.csv") == expected
    assert read_bytes(HEADER + b"r1,p,a,b\n", "noname") == read_bytes(HEADER + b"r1,p,a,b\n", "t.csv")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PAR1" + b"\0" * 20, "bad_parquet"),
        (gzip.compress(b"PAR1" + b"\0" * 20, mtime=0), "unsupported_type"),
        (b"PK\x03\x04", "unsupported_type"),
        (b"\0" * 5000, "unsupported_type"),
        (b"nothing we know\n", "unsupported_type"),
        (b"", "no_rows"),
        (gzip.compress(b"", mtime=0), "no_rows"),
        (b"\x1f\x8b", "bad_gzip"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(data: bytes, code: str, read_bytes: ReadBytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read_bytes(data, "upload")

    assert [defect.code for defect in refused.value.defects] == [code]


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        list(read_items(tmp_path))

    assert str(refused.value) == "file: unsupported_type: this is not a regular file"


def test_refusal_shows_a_hundred_defects_and_counts_all(read_bytes: ReadBytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read_bytes(HEADER + b"r1,p,a,a\n" * 250, "t.csv")

    assert [defect.line for defect in refused.value.defects] == list(range(2, 102))
    assert refused.value.total == 250


def test_file_with_endless_defects_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEADER + b"r1,p,a,b\n" + b"short\n" * 11)

    assert len(list(read_items(path, limits=Limits(max_defects=11)))) == 12
    with pytest.raises(FileRefused) as refused:
        list(read_items(path, limits=Limits(max_defects=10)))

    assert [defect.code for defect in refused.value.defects] == ["too_many_defects"]


def test_text_over_the_limit_is_refused_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(HEADER + b"r1,p,a,b\n" * 100_000)

    with pytest.raises(FileRefused) as refused:
        list(read_items(path, limits=Limits(max_bytes=300_000)))

    assert [defect.code for defect in refused.value.defects] == ["too_big"]
