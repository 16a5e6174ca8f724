"""Write many responses at once: a row leaves the batch when it is finished, and waiting ones take its place.

On a processor a step over sixteen rows costs little more than one over eight, so what counts is that the
batch stays full; keys and values are written into room that is there already, instead of into a new copy each
step.
"""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from workers.runtime.cache import let_go
from workers.runtime.devices import import_torch, import_transformers
from workers.runtime.errors import out_of_memory
from workers.runtime.loading import LanguageModel
from workers.runtime.sampling import Sampling, choose

ROWS = 16
# Room for new tokens is made this many at a time.
ROOM = 64
# At most this often is the caller told that work goes on.
BEAT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Draw:
    """What to write: ``ids``, the prompt; ``limit``: new tokens at most; ``tag`` comes back with it."""

    ids: list[int]
    seed: int
    limit: int
    tag: Any = None


@dataclass(slots=True)
class Drawn:
    """``tokens``: what was written, without an end token. ``finish``: "stop" or "length". ``seconds``: its
    share of the time of the batches that it was in."""

    draw: Draw
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    finish: str = "length"
    seconds: float = 0.0


def decode(
    lm: LanguageModel,
    waiting: deque[Draw],
    sampling: Sampling,
    *,
    stop: Sequence[str] = (),
    rows: int = ROWS,
    alive: Callable[[], object] = lambda: None,
) -> Iterator[Drawn]:
    """Write what is ``waiting``, to which more may be added meanwhile, and give each out when it is finished.

    ``rows``: responses written at once; half as many where memory runs out, and those begin again, to the
    same texts. ``alive`` is called every few seconds and may raise to end the work.
    """
    torch = import_torch()
    batch: _Batch | None = None
    beat = time.monotonic()
    while waiting or batch is not None:
        if batch is None or (waiting and 2 * len(batch.active) <= rows and batch.can_grow):
            coming = [
                waiting.popleft() for _ in range(min(rows - batch.size if batch else rows, len(waiting)))
            ]
        else:
            coming = []
        began = time.monotonic()
        try:
            with torch.inference_mode():
                if coming:
                    fresh = _Batch.start(lm, coming, sampling)
                    batch = fresh if batch is None else batch.joined(fresh)
                else:
                    assert batch is not None
                    batch.step(sampling)
        except (MemoryError, RuntimeError) as trouble:
            inside = [*coming, *(one.draw for one in batch.active)] if batch else coming
            if len(inside) < 2 or not out_of_memory(trouble):
                raise
            batch, rows = None, max(1, len(inside) // 2)
            waiting.extendleft(reversed(inside))
        if batch is None:
            let_go()
            continue
        yield from batch.finished(stop, time.monotonic() - began)
        batch = batch if batch.active else None
        if time.monotonic() - beat > BEAT_SECONDS:
            alive()
            beat = time.monotonic()


class _Batch:
    """Rows under way: left-padded, with their keys and values."""

    def __init__(self, lm: LanguageModel, active: list[Drawn], kept: Any, mask: Any) -> None:
        self.lm, self.active, self.kept, self.mask = lm, active, kept, mask
        torch = import_torch()
        self.seeds = torch.tensor([one.draw.seed for one in active], device=lm.device)

    @classmethod
    def start(cls, lm: LanguageModel, draws: Sequence[Draw], sampling: Sampling) -> _Batch:
        """Read the prompts and write the first token of each."""
        torch, transformers = import_torch(), import_transformers()
        longest = max(len(draw.ids) for draw in draws)
        gaps = [longest - len(draw.ids) for draw in draws]
        # The end token pads in many models, so the mask is made from lengths.
        pad = lm.tokenizer.eos_token_id or 0
        ids = torch.tensor(
            [[pad] * gap + draw.ids for gap, draw in zip(gaps, draws, strict=True)], device=lm.device
        )
        mask = torch.tensor([[0] * gap + [1] * (longest - gap) for gap in gaps], device=lm.device)
        kept = transformers.DynamicCache(config=lm.model.config)
        if all(type(layer) is _plain_layer() for layer in kept.layers):
            kept.layers = [_roomy_layer()() for _layer in kept.layers]
        batch = cls(lm, [Drawn(draw) for draw in draws], kept, mask)
        batch._forward(ids, sampling)
        return batch

    @property
    def size(self) -> int:
        return len(self.active)

    @property
    def can_grow(self) -> bool:
        """Whether other rows can be put beside these: not where a layer keeps more than keys and values."""
        return all(type(layer) is _roomy_layer() for layer in self.kept.layers)

    def step(self, sampling: Sampling) -> None:
        torch = import_torch()
        last = torch.tensor([[one.tokens[-1]] for one in self.active], device=self.lm.device)
        self.mask = torch.cat([self.mask, self.mask.new_ones(self.size, 1)], dim=1)
        self._forward(last, sampling)

    def _forward(self, ids: Any, sampling: Sampling) -> None:
        torch = import_torch()
        taken = inspect.signature(self.lm.model.forward).parameters
        more: dict[str, Any] = {}
        if "position_ids" in taken:
            more["position_ids"] = (self.mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if "logits_to_keep" in taken:
            more["logits_to_keep"] = 1
        mask = None if bool(self.mask.all()) else self.mask
        out = self.lm.model(
            input_ids=ids, attention_mask=mask, past_key_values=self.kept, use_cache=True, **more
        )
        steps = torch.tensor([len(one.tokens) for one in self.active], device=self.lm.device)
        chosen = choose(out.logits[:, -1], self.seeds, steps, sampling).tolist()
        for one, token in zip(self.active, chosen, strict=True):
            one.tokens.append(token)

    def finished(self, stop: Sequence[str], seconds: float) -> list[Drawn]:
        """Take out the rows that came to their end."""
        ends = _end_tokens(self.lm)
        done: list[int] = []
        going: list[int] = []
        for place, one in enumerate(self.active):
            one.seconds += seconds / self.size
            (done if _ended(self.lm, one, ends, stop) else going).append(place)
        found = [self.active[place] for place in done]
        if done and going:
            self._keep(going)
        else:
            self.active = [self.active[place] for place in going]
        return found

    def _keep(self, places: list[int]) -> None:
        torch = import_torch()
        chosen = torch.tensor(places, device=self.lm.device)
        self.mask = self.mask[chosen]
        # Columns that pad every row that is left are dropped with the row that needed them.
        gap = int(self.mask.any(dim=0).int().argmax()) if self.can_grow else 0
        self.mask = self.mask[:, gap:]
        self.kept.batch_select_indices(chosen)
        if gap:
            for layer in self.kept.layers:
                layer.keys, layer.values = layer.keys[:, :, gap:], layer.values[:, :, gap:]
        self.active = [self.active[place] for place in places]
        self.seeds = self.seeds[chosen]

    def joined(self, other: _Batch) -> _Batch:
        """Both batches as one, the shorter one padded on its left."""
        torch = import_torch()
        pad = torch.nn.functional.pad
        longest = max(self.mask.shape[1], other.mask.shape[1])
        gaps = [longest - one.mask.shape[1] for one in (self, other)]
        mask = torch.cat([pad(one.mask, (gap, 0)) for one, gap in zip((self, other), gaps, strict=True)])
        for mine, theirs in zip(self.kept.layers, other.kept.layers, strict=True):
            for name in ("keys", "values"):
                parts = zip((getattr(mine, name), getattr(theirs, name)), gaps, strict=True)
                setattr(mine, name, torch.cat([pad(part, (0, 0, gap, 0)) for part, gap in parts]))
        return _Batch(self.lm, [*self.active, *other.active], self.kept, mask)


def _ended(lm: LanguageModel, one: Drawn, ends: frozenset[int], stop: Sequence[str]) -> bool:
    if one.tokens[-1] in ends:
        one.tokens.pop()
        one.finish = "stop"
    elif stop and (cut := _stopped(lm, one.tokens, stop)) is not None:
        one.text, one.finish = cut, "stop"
        return True
    elif len(one.tokens) < one.draw.limit:
        return False
    one.text = str(lm.tokenizer.decode(one.tokens, skip_special_tokens=True))
    return True


def _stopped(lm: LanguageModel, tokens: list[int], stop: Sequence[str]) -> str | None:
    """The text before a stop string, where the last token completed one."""
    reach = max(len(one) for one in stop) + 8
    if not any(one in lm.tokenizer.decode(tokens[-reach:], skip_special_tokens=True) for one in stop):
        return None
    text = str(lm.tokenizer.decode(tokens, skip_special_tokens=True))
    places = [place for one in stop if (place := text.find(one)) >= 0]
    return text[: min(places)] if places else None


def _end_tokens(lm: LanguageModel) -> frozenset[int]:
    ends = lm.model.generation_config.eos_token_id
    listed = ends if isinstance(ends, list) else [ends]
    return frozenset(token for token in [*listed, lm.tokenizer.eos_token_id] if token is not None)


def _plain_layer() -> Any:
    import_transformers()
    from transformers.cache_utils import DynamicLayer

    return DynamicLayer


@cache
def _roomy_layer() -> Any:
    """A layer of keys and values that writes new ones into room made beforehand. The one it stands for copies
    all it has for every token."""
    torch = import_torch()

    class RoomyLayer(_plain_layer()):  # type: ignore[misc]  # a class that is known at run time
        def update(self, key_states: Any, value_states: Any, *args: Any, **more: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            self.keys = self._grown("keys", key_states)
            self.values = self._grown("values", value_states)
            return self.keys, self.values

        def _grown(self, name: str, coming: Any) -> Any:
            held = getattr(self, name)
            length = 0 if held.numel() == 0 else held.shape[2]
            after = length + coming.shape[2]
            room = getattr(self, f"_{name}_room", None)
            # What was selected, cut or joined lies elsewhere now.
            if room is None or length == 0 or held.data_ptr() != room.data_ptr() or after > room.shape[2]:
                room = torch.empty(
                    *coming.shape[:2], after + ROOM, coming.shape[3], dtype=coming.dtype, device=coming.device
                )
                if length:
                    room[:, :, :length] = held
                setattr(self, f"_{name}_room", room)
            room[:, :, length:after] = coming
            return room[:, :, :after]

    return RoomyLayer
