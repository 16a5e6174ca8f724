"""How much a response is the model's own: the weights of weighted preference optimisation.

Zhou et al., "WPO: Enhancing RLHF with Weighted Preference Optimization" (arXiv 2406.11827). With p the
model's distribution at each of the response's |y| tokens,

    w(y) = exp( 1/|y| · Σ_t ( log p(y_t) − log Σ_v p(v)² ) )

Σ_v p(v)² is what the model expects of its own draw, so a response as likely as the model's own samples has a
weight about 1, and one from elsewhere less. A pair's weight is the product of its two.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Column: TypeAlias = NDArray[np.float64]


def excess(log_p: ArrayLike, log_square: ArrayLike) -> float:
    """log w of one response from its tokens' log p and log Σ p², each of shape (tokens,).

    NaN for a response without tokens. Raises ValueError where the shapes differ.
    """
    said, expected = np.asarray(log_p, dtype=np.float64), np.asarray(log_square, dtype=np.float64)
    if said.shape != expected.shape:
        raise ValueError("Each token needs both numbers.")
    return float((said - expected).mean()) if said.size else float("nan")


def on_policy_weight(excess_chosen: ArrayLike, excess_rejected: ArrayLike) -> Column:
    """Weights of N pairs from log w of their sides, shape (N,); NaN where one is missing."""
    total = np.asarray(excess_chosen, dtype=np.float64) + np.asarray(excess_rejected, dtype=np.float64)
    return np.where(np.isfinite(total), np.exp(np.where(np.isfinite(total), total, 0.0)), np.nan)
