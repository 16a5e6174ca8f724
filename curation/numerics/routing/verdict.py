"""What a replay says, in figures and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.routing.curves import Curves, Difference
from curation.numerics.routing.replay import SIMPLE


def replay_verdict(curves: Curves) -> dict[str, Any]:
    """Compare every policy with random, and the learned ones with the best simple policy.

    ``gap_closed``: the share of the way from random to the oracle that a policy makes.
    """
    plain = curves.plain
    room = plain["oracle"] - plain["random"]
    found: dict[str, Any] = {"against_random": {}, "gap_closed": {}}
    for name in plain:
        if name not in ("random", "oracle"):
            found["against_random"][name] = _difference(curves, name, "random")
            found["gap_closed"][name] = (
                round((plain[name] - plain["random"]) / room, 4) if room > 1e-9 else None
            )
    simple = [name for name in plain if name in SIMPLE]
    best = max(simple, key=lambda name: plain[name])
    found["best_simple"] = best
    found["against_best_simple"] = {
        name: _difference(curves, name, best)
        for name in ("learned", "learned_live", "mixture")
        if name in plain
    }
    if {"learned", "disagreement"} <= set(plain):
        found["learned_against_disagreement"] = _difference(curves, "learned", "disagreement")
    found["words"] = _words(found, best)
    return found


def reward_verdict(
    budgets: Sequence[float], accuracy: Mapping[str, NDArray[np.float64]], best_simple: str
) -> dict[str, dict[str, Any]]:
    """Reward heads trained on one policy's labels less those trained on another's, by area over the budgets.

    ``accuracy``: (seeds, budgets) per policy; every policy meets the same held-out prompts in a seed, so the
    differences are paired, and the interval is the middle 95 % over seeds. Keys: "learned - random".
    """
    span = budgets[-1] - budgets[0]
    areas = {
        name: np.trapezoid(found, budgets, axis=1) / span if span else found[:, 0]
        for name, found in accuracy.items()
    }
    others = [name for name in ("learned", "learned_live", "mixture", "oracle") if name in areas]
    found: dict[str, dict[str, Any]] = {}
    for name in others:
        for against in dict.fromkeys(("random", best_simple)):
            gap = areas[name] - areas[against]
            low, high = np.nanpercentile(gap, [2.5, 97.5])
            difference = Difference(float(np.nanmean(gap)), float(low), float(high))
            found[f"{name} - {against}"] = _rounded(difference)
    return found


def _difference(curves: Curves, one: str, other: str) -> dict[str, Any]:
    return _rounded(curves.difference(one, other))


def _rounded(found: Difference) -> dict[str, Any]:
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "verdict": found.told,
    }


def _words(found: dict[str, Any], best: str) -> str:
    learned = found["against_best_simple"].get("learned")
    if learned is None:
        return f"The best of the simple policies here is {best}."
    span = f"{learned['value']:+.3f}, 95 % interval {learned['low']:+.3f} to {learned['high']:+.3f}"
    if learned["verdict"] == "better":
        return f"The learned router beats the best simple policy, {best} (area {span})."
    if learned["verdict"] == "worse":
        return f"The learned router is worse than the simple policy {best} (area {span}): use that one."
    return f"Whether the learned router beats {best} cannot be told from these items (area {span})."
