"""Attention inside the blocks of one long row: what joined texts may see of it, without a padded token.

For processors, where a padded or masked number costs as much as a real one: the matrix products run over all
tokens at once, and attention over each block by itself. On a GPU a padded batch is better: few large kernels
instead of one per block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from workers.runtime.devices import import_torch, import_transformers

ATTENTION = "winnow_blocks"


@dataclass(frozen=True, slots=True)
class Block:
    """Tokens that look at the same stretches of the row, and how.

    ``mask``: added to the weights, (tokens, seen); None where each token sees all of them or, if ``causal``,
    itself and what comes before it.
    """

    tokens: slice
    seen: tuple[slice, ...]
    causal: bool = False
    mask: Any = None

    @property
    def options(self) -> dict[str, Any]:
        return {"is_causal": self.causal, "attn_mask": self.mask}

    def of(self, part: Any) -> Any:
        """Keys or values of what is seen; one stretch is looked at in place, several are copied together."""
        pieces = [part[:, :, stretch] for stretch in self.seen]
        return pieces[0] if len(pieces) == 1 else import_torch().cat(pieces, dim=2)


class NotInBlocks(Exception):
    """This model's attention does something that is more than a product of queries, keys and values."""


def lasts_mask(queries: int, keys: int, like: Any) -> Any:
    """Added to the weights where the last ``queries`` of ``keys`` tokens look back: 0 for what is seen.

    ``like``: a tensor of the type and on the device of the queries.
    """
    torch = import_torch()
    hidden = torch.ones(queries, keys, dtype=torch.bool, device=like.device).triu(keys - queries + 1)
    return torch.zeros(queries, keys, dtype=like.dtype, device=like.device).masked_fill(hidden, -torch.inf)


@contextmanager
def attending(config: Any, blocks: Sequence[Block]) -> Iterator[None]:
    """Let the model with this configuration attend inside ``blocks``, which cover its one row."""
    import_transformers()
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    if ATTENTION not in ALL_ATTENTION_FUNCTIONS:
        ALL_ATTENTION_FUNCTIONS.register(ATTENTION, _attend)
    before = config._attn_implementation
    token = _blocks.set(blocks)
    config._attn_implementation = ATTENTION
    try:
        yield
    finally:
        config._attn_implementation = before
        _blocks.reset(token)


_blocks: ContextVar[Sequence[Block]] = ContextVar("blocks")


def unused_mask(device: Any) -> Any:
    """What is given to the model as its mask: one of four dimensions is handed on as it is, to ``_attend``,
    which looks at the blocks instead."""
    torch = import_torch()
    return torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device)


def _attend(
    _module: Any,
    query: Any,
    key: Any,
    value: Any,
    _mask: Any,
    dropout: float = 0.0,
    scaling: float | None = None,
    **more: Any,
) -> tuple[Any, None]:
    """Shapes: (1, heads, tokens, head width); result (1, tokens, heads, head width)."""
    torch = import_torch()
    told = [name for name in ("softcap", "s_aux", "position_bias") if more.get(name) is not None]
    if told:
        raise NotInBlocks(f"attention with {told}")
    _one, heads, tokens, _width = query.shape
    # Token by token, as the kernel writes it and the next layer reads it: nothing is turned over and copied.
    out = torch.empty(1, tokens, heads, value.shape[-1], dtype=query.dtype, device=query.device)
    for block in _blocks.get():
        attended = torch.nn.functional.scaled_dot_product_attention(
            query[:, :, block.tokens],
            block.of(key),
            block.of(value),
            scale=scaling,
            enable_gqa=key.shape[1] < heads,
            **block.options,
        )
        out[:, block.tokens] = attended.transpose(1, 2)
    return out, None
