"""What was done otherwise than for the version before, in words: for the manifest, the card and the page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Step = Mapping[str, Any]


def done_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """``before`` and ``now`` are what two manifests say was asked for."""
    lines = step_changes(before["recipe"]["steps"], now["recipe"]["steps"])
    for words, path in (
        ("Judgments of", ("recipe", "pool")),
        ("Settled by", ("settled_by", "method")),
        ("Guidelines version", ("guidelines",)),
    ):
        was, said = _at(before, path), _at(now, path)
        if was != said:
            lines.append(f"{words}: {was} → {said}.")
    if before.get("questions") != now.get("questions"):
        lines.append("The questions were changed.")
    if before.get("judges_sha256") != now.get("judges_sha256"):
        lines.append("Other judges, or more judgments.")
    return lines


def step_changes(before: Sequence[Step], now: Sequence[Step]) -> list[str]:
    """Steps that came, went or were set otherwise; the k-th of a kind is held against the k-th."""
    old, new = _numbered(before), _numbered(now)
    lines = [f"Step {name} came." for name in new if name not in old]
    lines += [f"Step {name} went." for name in old if name not in new]
    for name in new:
        if name in old and (turned := _turned(old[name], new[name])):
            lines.append(f"Step {name}: {', '.join(turned)}.")
    if [name for name in old if name in new] != [name for name in new if name in old]:
        lines.append("The steps stand in another order.")
    return lines


def _numbered(steps: Sequence[Step]) -> dict[str, Step]:
    seen: Counter[str] = Counter()
    found = {}
    for step in steps:
        seen[step["step"]] += 1
        again = seen[step["step"]]
        found[step["step"] + (f" ({again})" if again > 1 else "")] = step
    return found


def _turned(old: Step, new: Step) -> list[str]:
    names = sorted({*old, *new} - {"step"})
    return [
        f"{name.replace('_', ' ')} {_value(old.get(name))} → {_value(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _value(value: Any) -> str:
    return "unset" if value is None else value if isinstance(value, str) else json.dumps(value)


def _at(manifest: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = manifest
    for name in path:
        found = (found or {}).get(name)
    return found
