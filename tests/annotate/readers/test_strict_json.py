from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.readers.faults import RowFault
from annotate.readers.strict_json import read_object, read_value

SAFE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | SAFE_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SAFE_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, ascii_only=st.booleans())
def test_reader_gives_back_any_storable_value(value: Any, ascii_only: bool) -> None:
    assert read_value(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_reader_never_fails_in_another_way(data: bytes) -> None:
    with suppress(RowFault):
        read_value(data)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (b"[1]", "not_object", None),
        (b'{"a": 1,}', "bad_json", None),
        (b'{"a": {"b": NaN}}', "bad_number", "a.b"),
        (b'{"a": [0, -1e999]}', "bad_number", "a[1]"),
        (b'{"a": ' + b"1" * 101 + b"}", "bad_number", "a"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "duplicate_key", "c"),
        (b'{"a": "\\u0000"}', "nul_char", "a"),
        (b'{"\\u0000": 1}', "nul_char", "\N{REPLACEMENT CHARACTER}"),
        (b'{"a": {"b": ["\\ud83d"]}}', "lone_surrogate", "a.b[0]"),
        (b'{"a": "\\ude00\\ud83d"}', "lone_surrogate", "a"),
        (b'{"a": "x\xe9y"}', "bad_utf8", "a"),
        (b'{"a": "\xe6\x97', "bad_json", None),
        (b'{"a": 1, "b": "x\ty"}', "bad_json", "b"),
        (b'{"a": 1, "b": ' + b"[" * 64 + b"]" * 64 + b"}", "too_deep", "b"),
        (b'{"a": 1, "b": ' + b"[" * 1_000_000, "too_deep", "b"),
        (b"{" + b", ".join(b'"%d": 0' % key for key in range(1001)) + b"}", "too_many_keys", None),
        (b"", "bad_json", None),
    ],
)
def test_fault_has_code_and_field(data: bytes, code: str, field: str | None) -> None:
    with pytest.raises(RowFault) as fault:
        read_object(data)

    assert (fault.value.code, fault.value.field) == (code, field)


def test_depth_counts_brackets_outside_strings_only() -> None:
    text = '[{"' * 100 + '\\"' + "[" * 100

    assert read_object(json.dumps({"a": text, "b": [[[]]]}).encode()) == {"a": text, "b": [[[]]]}


def test_whole_surrogate_pair_is_one_character() -> None:
    assert read_object(b'{"a": "\\ud83d\\ude00", "b": "\\\\ud83d"}') == {"a": "\U0001f600", "b": "\\ud83d"}


def test_open_string_full_of_escapes_is_scanned_once() -> None:
    data = b'{"a": ' + b"[" * 65 + b'"' + b'\\"' * 1_000_000

    with pytest.raises(RowFault) as fault:
        read_object(data)

    assert fault.value.code == "too_deep"
