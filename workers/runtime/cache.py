"""Loaded models: several at once while they fit, the one not used for longest let go first."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from workers.runtime.devices import best_device, import_torch, memory_budget

Loaded = TypeVar("Loaded")


class ModelCache:
    """Holds models by key under a budget of measured bytes.

    ``budget``: bytes; None for a share of the device's memory. A single model may pass it: what does not fit
    at all fails where it is loaded, not here.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = budget
        # The laptop's worker has a thread for quick work beside the one for models.
        self._lock = threading.RLock()
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], Loaded], *, expected: int = 0) -> Loaded:
        """The model under ``key``, loaded by ``load`` where it is not there.

        ``expected``: bytes it is likely to need, so that room is made before and not after.
        """
        with self._lock:
            if key not in self._held:
                self._make_room(expected)
                made = load()
                self._held[key] = (made, measured_bytes(made))
                self._make_room(0, keep=key)
            self._held.move_to_end(key)
            found: Loaded = self._held[key][0]
            return found

    @property
    def bytes(self) -> int:
        return sum(size for _made, size in self._held.values())

    @property
    def keys(self) -> list[Hashable]:
        """What is held, the next to be let go first."""
        return list(self._held)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
        let_go()

    def _make_room(self, coming: int, keep: Hashable = None) -> None:
        budget = memory_budget(best_device()) if self.budget is None else self.budget
        gone = False
        for key in list(self._held):
            if self.bytes + coming <= budget:
                break
            if key != keep:
                del self._held[key]
                gone = True
        if gone:
            let_go()


def measured_bytes(made: Any) -> int:
    """Bytes of a model's parameters and buffers, each storage once: tied weights are one."""
    model = getattr(made, "model", made)
    tensors = [*model.parameters(), *model.buffers()]
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())


def let_go() -> None:
    """Give what freed tensors held back to the device."""
    gc.collect()
    torch = import_torch()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


# The one of this process.
models = ModelCache()
