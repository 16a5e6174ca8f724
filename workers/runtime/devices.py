"""Where models run, in which numbers, and how much room they have."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from workers.runtime.errors import MissingPackage

# bfloat16 halves the digits that matter least; it is taken where it is this much faster.
WORTH = 1.2
# Shares of the memory there is that loaded models may fill: the rest is for what they compute.
SHARE = {"cpu": 0.5, "cuda": 0.6}


def import_torch() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import torch
    except ImportError as missing:
        raise MissingPackage('torch is not installed. Run: pip install "winnow[models]"') from missing
    return torch


def import_transformers() -> Any:
    """transformers, offline and without progress bars in the log."""
    import_torch()
    try:
        import transformers
    except ImportError as missing:
        raise MissingPackage('transformers is not installed. Run: pip install "winnow[models]"') from missing
    transformers.utils.logging.disable_progress_bar()
    return transformers


def best_device() -> str:
    torch = import_torch()
    return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True, slots=True)
class Rates:
    """Matrix products of this processor, in 10⁹ operations a second."""

    float32: float
    bfloat16: float

    @property
    def bfloat16_pays(self) -> bool:
        return self.bfloat16 > WORTH * self.float32


@cache
def processor_rates() -> Rates:
    """Measured once per process, in some hundredths of a second.

    Measured rather than read off a list of features: a processor without bfloat16 instructions still
    multiplies it, hundreds of times slower.
    """
    torch = import_torch()
    size = 192
    square = torch.ones(size, size)
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        one = square.to(dtype)
        spent = []
        for _again in range(4):
            began = time.perf_counter()
            one @ one
            spent.append(time.perf_counter() - began)
        found.append(2 * size**3 / min(spent[1:]) / 1e9)
    return Rates(*found)


def choose_dtype(device: str, asked: str = "auto") -> str:
    """The name of the number type to load weights in. "auto" is bfloat16 where it pays, else float32.

    Raises ValueError for a type that is neither.
    """
    if asked not in ("auto", "float32", "bfloat16"):
        raise ValueError("Choose float32, bfloat16 or auto.")
    if asked != "auto":
        return asked
    if device == "cuda":
        pays = bool(import_torch().cuda.is_bf16_supported())
    else:
        pays = processor_rates().bfloat16_pays
    return "bfloat16" if pays else "float32"


def memory_budget(device: str) -> int:
    """Bytes that loaded models may fill on a device."""
    if device == "cuda":
        return int(SHARE["cuda"] * import_torch().cuda.get_device_properties(0).total_memory)
    return int(SHARE["cpu"] * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
