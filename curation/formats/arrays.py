"""Messages and texts as Arrow arrays, made without touching a row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.formats.options import STANDARD, FormatError
from curation.formats.table import TURN, TURNS


def replies(texts: pa.Array, role: str = "assistant") -> pa.Array:
    """One message each, as lists of one."""
    size = len(texts)
    turns = pa.StructArray.from_arrays([pa.array([role] * size, pa.string()), texts], fields=list(TURN))
    return pa.ListArray.from_arrays(pa.array(np.arange(size + 1, dtype=np.int32)), turns)


def plus(prompts: pa.Array, answers: pa.Array) -> pa.Array:
    """Each list of messages with those of the other behind it."""
    one, other = _spans(prompts), _spans(answers)
    counts = np.stack([one[1] - one[0], other[1] - other[0]], axis=1)
    values = pa.concat_arrays([prompts.values, answers.values])
    starts = np.stack([one[0], other[0] + len(prompts.values)], axis=1).reshape(-1)
    flat = counts.reshape(-1)
    ends = np.concatenate([[0], np.cumsum(flat)])
    index = np.repeat(starts - ends[:-1], flat) + np.arange(ends[-1])
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.take(pa.array(index)))


def plain_prompts(prompts: pa.Array) -> pa.Array:
    """The texts of prompts of one user turn. Raises FormatError for any other."""
    counts = pc.list_value_length(prompts)
    turns = prompts.flatten()
    roles = turns.field("role") if len(turns) else pa.array([], pa.string())
    one_each = pc.all(pc.equal(counts, 1)).as_py()
    single = not len(prompts) or (one_each and pc.all(pc.equal(roles, "user")).as_py())
    if not single:
        raise FormatError(
            "A prompt has more than one user turn, which plain texts cannot say.", field="shape",
            cure="Choose the conversational shape.",
        )  # fmt: skip
    return turns.field("content") if len(turns) else pa.array([], pa.string())


def prompts_in(shape: str, prompts: pa.Array) -> pa.Array:
    return plain_prompts(prompts) if shape == STANDARD else as_turns(prompts)


def answers_in(shape: str, texts: pa.Array) -> pa.Array:
    return texts if shape == STANDARD else replies(texts)


def joined(shape: str, prompts: pa.Array, answers: pa.Array) -> pa.Array:
    """Prompt and answer as one, for the implicit forms; plain texts are set apart by an empty line."""
    if shape == STANDARD:
        return pc.binary_join_element_wise(prompts, answers, "\n\n")
    return plus(prompts, answers)


def as_turns(prompts: pa.Array) -> pa.Array:
    return prompts.cast(TURNS)


def text_type(shape: str) -> pa.DataType:
    return pa.string() if shape == STANDARD else TURNS


def _spans(lists: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return offsets[:-1], offsets[1:]
