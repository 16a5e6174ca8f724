"""A batch as JSON lines, column by column: the bytes that :func:`jsonl.json_line` makes of its rows.

A row that never becomes a Python object costs a tenth of one that does. Every value is a row of parts, words
that all rows share between arrays of what differs, and all parts of a line are put together once. Numbers are
written as Python writes them, each distinct one once; a text is copied with its special characters replaced.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# In this order: a backslash that another replacement brings must not be doubled. What else JSON escapes is
# rare, and such a text goes through json itself.
ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"))
OTHER_CONTROLS = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]"
SPACE = ord(" ")
Part: TypeAlias = "str | pa.Array"
_encode = json.JSONEncoder(ensure_ascii=False).encode


def json_lines(batch: pa.RecordBatch) -> pa.Buffer:
    """UTF-8 lines with their LFs, keys in the order of the columns. Raises ValueError for NaN or infinity."""
    if not batch.num_rows:
        return pa.py_buffer(b"")
    parts = [*_object(batch.schema.names, batch.columns), "\n"]
    lines = _joined(parts, batch.num_rows)
    # The lines lie behind each other in the array already.
    ends = pa.Array.from_buffers(pa.int64(), len(lines) + 1, [None, lines.buffers()[1]])
    return lines.buffers()[2].slice(0, ends[len(lines)].as_py())


def _object(names: list[str], columns: list[pa.Array]) -> list[Part]:
    parts: list[Part] = ["{"]
    for place, (name, column) in enumerate(zip(names, columns, strict=True)):
        parts += [f"{',' if place else ''}{_encode(name)}:", *_value(column)]
    return [*parts, "}"]


def _value(values: pa.Array) -> list[Part]:
    """The JSON of each value in parts. Raises ValueError for what JSON cannot say."""
    if values.null_count == len(values):
        return ["null"]
    parts = _known(values)
    if not values.null_count:
        return parts
    return [pc.if_else(values.is_valid(), _joined(parts, len(values)), _text("null"))]


def _known(values: pa.Array) -> list[Part]:
    """The same where nulls may be read as anything."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _quoted(values.cast(pa.large_string()))
    if pa.types.is_boolean(kind):
        return [pc.if_else(values, _text("true"), _text("false"))]
    if pa.types.is_integer(kind):
        return [values.cast(pa.large_string())]
    if pa.types.is_floating(kind):
        return _numbers(values)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(values)
    if pa.types.is_struct(kind):
        return _object([field.name for field in kind], values.flatten())
    raise ValueError(f"JSON has no {kind}.")


def _quoted(texts: pa.Array) -> list[Part]:
    given = texts
    for special, escaped in ESCAPES:
        if (_bytes_of(texts) == ord(special)).any():
            texts = pc.replace_substring(texts, special, escaped)
    if _bytes_of(texts).min(initial=SPACE) < SPACE:
        odd = pc.fill_null(pc.match_substring_regex(given, OTHER_CONTROLS), False)
        spelt = [_encode(text)[1:-1] for text in given.filter(odd).to_pylist()]
        texts = pc.replace_with_mask(texts, odd, pa.array(spelt, pa.large_string()))
    return ['"', texts, '"']


def _bytes_of(texts: pa.Array) -> NDArray[np.uint8]:
    """What the array's buffer holds; of a slice that is more than its own texts."""
    held = texts.buffers()[2]
    return np.frombuffer(held if held is not None else b"", np.uint8)


def _numbers(values: pa.Array) -> list[Part]:
    coded = values.dictionary_encode()
    distinct = coded.dictionary.to_pylist()
    if not all(-float("inf") < one < float("inf") for one in distinct):
        raise ValueError("Out of range float values are not JSON compliant.")
    words = list(map(repr, distinct))
    return words if len(words) == 1 else [pa.array(words, pa.large_string()).take(coded.indices)]


def _lists(values: pa.Array) -> list[Part]:
    inner = values.flatten()
    counts = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int32())
    if pc.all(pc.equal(counts, 1)).as_py():
        return ["[", *_value(inner), "]"]
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(counts)])
    texts = pa.ListArray.from_arrays(offsets, _joined(_value(inner), len(inner)))
    return ["[", pc.binary_join(texts, _text(",")), "]"]


def _joined(parts: list[Part], size: int) -> pa.Array:
    """Each row's parts behind each other; null where one is. Words beside each other are one part."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    if len(merged) == 1 and isinstance(merged[0], str):
        return pa.array([merged[0]] * size, pa.large_string())
    scalars = [_text(part) if isinstance(part, str) else part for part in merged]
    return pc.binary_join_element_wise(*scalars, _text(""))


def _text(word: str) -> pa.Scalar:
    return pa.scalar(word, pa.large_string())
