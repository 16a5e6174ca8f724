"""An evaluation as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def evaluation_shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracies of every set on one scale, the learning curves of the first and the last, and the slices.

    ``least`` and ``most``: what all intervals lie between; ``reach``: the same for the differences, with
    nought in the middle.
    """
    sets = found["sets"]
    values = [one["accuracy"] for one in sets]
    apart = max(abs(one["against_raw"][end]) for one in sets for end in ("low", "high")) or 0.01
    slices = sorted(set(sets[0]["slices"]) & set(sets[-1]["slices"]))
    return {
        "evaluation": found,
        "least": min(one["low"] for one in values),
        "most": max(one["high"] for one in values),
        "reach": apart,
        "behind": -apart,
        "curve": [
            {"share": share, "raw": sets[0]["curve"][share], "last": sets[-1]["curve"][share]}
            for share in sets[0]["curve"]
        ],
        "lines": [_line(sets[0], ""), _line(sets[-1], "learned")],
        "slices": [
            {"name": name, "raw": sets[0]["slices"][name], "last": sets[-1]["slices"][name]}
            for name in slices
        ],
        "last": sets[-1]["name"],
    }


def _line(one: Mapping[str, Any], kind: str) -> dict[str, Any]:
    values = list(one["curve"].values())
    return {"kind": kind, "at": list(one["curve"])} | {
        name: [value[key] for value in values]
        for name, key in (("values", "value"), ("low", "low"), ("high", "high"))
    }
