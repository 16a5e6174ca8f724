"""Run a prompt once for all its responses: one row ``x | y1 | y2 | …`` in which responses do not see each
other.

A token of response i stands at the position it would have after the prompt alone, and attends to the prompt
and to what comes before it in its own response. So its hidden vector is the one that the sequence ``x | yi``
gives, for every model whose layers mix tokens only by attention over the positions they are told.

Two layouts of the same thing:

- *segments*: many rows joined to one without padding; the matrix products run over all tokens at once and
  attention runs over each row's own blocks. For processors, where a kernel call costs little and each masked
  or padded number costs as much as a real one.
- *rows*: a padded batch with a four-dimensional mask, a few large kernels. For GPUs.

Whether a model can be packed is not taken on trust: see ``packs``.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.runtime.blocks import Block, NotInBlocks, attending, lasts_mask, unused_mask
from workers.runtime.loading import LanguageModel, import_torch

# What two ways of computing the same vectors may differ by, relative to the largest.
TOLERANCE = {"float32": 1e-3, "bfloat16": 1e-1, "float16": 2e-2}


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt and its responses as tokens; the prompt and each response hold one token at least."""

    prompt: tuple[int, ...]
    responses: tuple[tuple[int, ...], ...]

    @property
    def length(self) -> int:
        return len(self.prompt) + sum(map(len, self.responses))

    @property
    def longest(self) -> int:
        """Tokens of the longest of the sequences that are packed here."""
        return len(self.prompt) + max(map(len, self.responses))

    @property
    def ids(self) -> list[int]:
        return [token for part in (self.prompt, *self.responses) for token in part]

    @property
    def positions(self) -> list[int]:
        start = len(self.prompt)
        return [*range(start), *(start + place for one in self.responses for place in range(len(one)))]


def hidden_states(lm: LanguageModel, rows: Sequence[Row]) -> list[Any]:
    """The last hidden vectors (after the final norm) of each row's tokens, each (row.length, width).

    Packed where the model allows it, else every sequence of a row by itself, the prompt's vectors taken from
    the first: the same numbers for more work.
    """
    torch = import_torch()
    with torch.inference_mode():
        if not packs(lm) or max(row.longest for row in rows) > _reach(lm):
            return [_apart(lm, row) for row in rows]
        return _segments(lm, rows) if lm.device == "cpu" else _padded(lm, rows)


def _reach(lm: LanguageModel) -> int:
    """How far back every layer looks: within it a sliding window or a chunk hides nothing."""
    config = lm.backbone.config
    limits = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min([limit for limit in limits if limit], default=sys.maxsize)


_known: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()


def packs(lm: LanguageModel) -> bool:
    """Whether packed rows give this model's own vectors: tried once per model on a short row.

    Recurrent layers, positions that are learnt into the attention (ALiBi) and other mixing over the row make
    the two differ, and such a model is run sequence by sequence instead.
    """
    if lm.model not in _known:
        _known[lm.model] = _agrees(lm)
    return _known[lm.model]


def _agrees(lm: LanguageModel) -> bool:
    torch = import_torch()
    vocabulary = int(lm.backbone.get_input_embeddings().num_embeddings)
    tokens = [(17 * place + 3) % vocabulary for place in range(37)]
    row = Row(tuple(tokens[:11]), (tuple(tokens[11:24]), tuple(tokens[24:])))
    way = _segments if lm.device == "cpu" else _padded
    with torch.inference_mode():
        plain = _apart(lm, row)
        try:
            packed = way(lm, [row, row])[1]
        except (NotInBlocks, RuntimeError, TypeError, ValueError, KeyError):
            return False
        gap = (packed.float() - plain.float()).abs().max() / plain.float().abs().max()
    # Weights that are not finite pack as well as they run: the numbers are refused later, one by one.
    return not bool(gap > TOLERANCE.get(lm.dtype, 1e-1))


def _apart(lm: LanguageModel, row: Row) -> Any:
    torch = import_torch()
    parts = []
    for place, response in enumerate(row.responses):
        ids = torch.tensor([[*row.prompt, *response]], device=lm.device)
        hidden = lm.backbone(input_ids=ids, use_cache=False).last_hidden_state[0]
        parts.append(hidden if place == 0 else hidden[len(row.prompt) :])
    return torch.cat(parts)


def _padded(lm: LanguageModel, rows: Sequence[Row]) -> list[Any]:
    """Right-padded rows; a padding token sees itself only, for a row of nothing would be NaN."""
    torch = import_torch()
    longest = max(row.length for row in rows)
    mask = torch.eye(longest, dtype=torch.bool, device=lm.device).repeat(len(rows), 1, 1, 1)
    ids, positions = (
        torch.tensor([part + [0] * (longest - len(part)) for part in parts], device=lm.device)
        for parts in ([row.ids for row in rows], [row.positions for row in rows])
    )
    for place, row in enumerate(rows):
        prompt, end = len(row.prompt), len(row.prompt)
        mask[place, 0, :prompt, :prompt] = _triangle(prompt, lm.device)
        for response in row.responses:
            start, end = end, end + len(response)
            mask[place, 0, start:end, :prompt] = True
            mask[place, 0, start:end, start:end] = _triangle(len(response), lm.device)
    hidden = lm.backbone(
        input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False
    ).last_hidden_state
    return [hidden[place, : row.length] for place, row in enumerate(rows)]


def _segments(lm: LanguageModel, rows: Sequence[Row]) -> list[Any]:
    """The second response is put before its prompt: what either response sees then lies in one stretch, and
    a pair is attended to without a copy. To attention the places in a row mean nothing, only positions do."""
    torch = import_torch()
    like = lm.backbone.get_input_embeddings().weight
    ids: list[int] = []
    positions: list[int] = []
    blocks: list[Block] = []
    back = []
    for row in rows:
        start, order = len(ids), _second_first(row)
        ids += map(row.ids.__getitem__, order)
        positions += map(row.positions.__getitem__, order)
        blocks += _blocks_of(row, start, like)
        back.append(start + torch.tensor(order, device=lm.device).argsort())
    with attending(lm.backbone.config, blocks):
        hidden = lm.backbone(
            input_ids=torch.tensor([ids], device=lm.device),
            attention_mask=unused_mask(lm.device),
            position_ids=torch.tensor([positions], device=lm.device),
            use_cache=False,
        ).last_hidden_state[0]
    return [hidden[places] for places in back]


def _second_first(row: Row) -> list[int]:
    """Places in the row in the order in which they are run: the second response, if any, then the others."""
    start = len(row.prompt) + len(row.responses[0])
    end = start + sum(map(len, row.responses[1:2]))
    return [*range(start, end), *range(start), *range(end, row.length)]


def _blocks_of(row: Row, start: int, like: Any) -> list[Block]:
    """Who sees what in a row that is run from ``start`` on in the order of ``_second_first``."""
    asked = len(row.prompt)
    second = sum(map(len, row.responses[1:2]))
    prompt = slice(start + second, start + second + asked)
    end = prompt.stop + len(row.responses[0])
    blocks = [Block(slice(prompt.start, end), (slice(prompt.start, end),), causal=True)]
    if second:
        mask = lasts_mask(second, asked + second, like).roll(second, dims=1)
        blocks.append(Block(slice(start, prompt.start), (slice(start, prompt.stop),), mask=mask))
    for response in row.responses[2:]:
        own = slice(end, end + len(response))
        blocks.append(Block(own, (prompt, own), mask=lasts_mask(len(response), asked + len(response), like)))
        end = own.stop
    return blocks


def _triangle(size: int, device: str) -> Any:
    """Each token sees itself and what comes before it."""
    torch = import_torch()
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()
