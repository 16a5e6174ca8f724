"""make bench-desk: the desk beside the least that Django can do, in turn, in one run; prints JSON.

Both are served by granian with one thread on SQLite; ours with everything on (sessions, CSRF, CSP, submission
keys, leases, rendered Markdown, synchronous=FULL and a worker beside it), the ceiling with none of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.desk import ceiling, ours
from bench.desk.load import run_loop

PEOPLE = 8
CROWD = 32
# Rates at a few items and at many are compared over windows of so many seconds, so many times.
FEW, WINDOW, SIZE_ROUNDS = 1_000, 3.0, 6


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="winnow-bench-desk-") as scratch:
        print(json.dumps(measure(Path(scratch), options), indent=1))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--only", choices=["ceiling", "size", "crowd", "import"], action="append")
    return parser.parse_args()


def measure(scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    wanted = options.only or ["ceiling", "size", "crowd", "import"]
    found: dict[str, Any] = {"bench": "desk", "machine": machine(), "seconds": options.seconds, "goals": []}
    home = make_home(scratch / "ours", options.items)
    if "ceiling" in wanted:
        found["ceiling"] = against_ceiling(scratch, home, options)
        found["goals"] += ceiling_goals(found["ceiling"])
    if "size" in wanted:
        found["size"] = by_size(scratch, options)
        found["goals"].append(goal("rate at many items / rate at 1,000", found["size"]["ratio"], ">=", 0.95))
    with ours.serving(home) as server:
        if "crowd" in wanted:
            found["crowd"] = crowd = labelled(server, CROWD, options.seconds)
            found["goals"] += [goal(f"{CROWD} people: {name}", crowd[name], "<=", 0) for name in ZEROES]
        if "import" in wanted:
            found["import"] = during_import(server, options)
            found["goals"].append(goal("p95 during an import / without", found["import"]["ratio"], "<=", 1.5))
    return found


ZEROES = ("given_twice", "lost", "errors")


def against_ceiling(scratch: Path, home: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Rounds of both in turn, each round in the other order; ratios are taken inside a round."""
    rounds = []
    for number in range(options.rounds):
        turns = [
            ("ours", lambda: ours_once(home, options)),
            ("ceiling", lambda: ceiling_once(scratch, options)),
        ]
        found = {name: act() for name, act in (turns if number % 2 else turns[::-1])}
        rounds.append({"ours": found["ours"], **found["ceiling"]})
        say(f"round {number + 1} of {options.rounds}")
    return {"rounds": rounds, "ratios": ratios(rounds)}


def ours_once(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    with ours.serving(home) as server:
        return labelled(server, PEOPLE, options.seconds)


def ceiling_once(scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One loop with a request for each step, one with both steps in one request."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    with ceiling.serving(folder, items=options.items, people=PEOPLE) as server:
        apart = run_loop(server.annotators(PEOPLE), seconds=options.seconds, pids=server.pids)
        together = server.annotators(PEOPLE, fused=True)
        fused = run_loop(together, seconds=options.seconds, pids=server.pids)
    return {"ceiling": without_rows(apart), "ceiling_fused": without_rows(fused)}


def labelled(server: ours.Winnow, people: int, seconds: float) -> dict[str, Any]:
    """One loop of ours, with what was stored compared to what the system holds afterwards."""
    before = {tuple(one) for one in server.held()}
    loop = run_loop(server.annotators(people), seconds=seconds, pids=server.pids)
    held = {tuple(one) for one in server.held()}
    stored = set(loop["stored"])  # type: ignore[call-overload]  # a list of pairs
    return without_rows(loop) | {"lost": len(stored - held), "unasked": len(held - before - stored)}


def without_rows(loop: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in loop.items() if name != "stored"}


def ratios(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Ours over the ceiling's; the whole label (take and store) is what both do in full."""
    readings = {
        "useful_per_s": lambda one: one["useful_per_s"],
        "server_cpu_ms_per_label": lambda one: one["server_cpu_ms_per_label"],
        "label_p50": lambda one: one["label_ms"]["p50"],
        "label_p95": lambda one: one["label_ms"]["p95"],
    }
    found: dict[str, Any] = {}
    for beside in ("ceiling", "ceiling_fused"):
        for name, read in readings.items():
            values = [read(one["ours"]) / read(one[beside]) for one in rounds]
            found[f"{name} / {beside}"] = summary(values)
    # A submit of ours stores the label and brings the next item: two steps of the ceiling's.
    values = [one["ours"]["submit_ms"]["p95"] / one["ceiling"]["submit_ms"]["p95"] for one in rounds]
    found["submit_p95 / ceiling"] = summary(values)
    return found


def ceiling_goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    of = found["ratios"]
    goals = [
        goal("useful labels/s / ceiling", of["useful_per_s / ceiling"]["median"], ">=", 0.5),
        goal("server CPU per label / ceiling", of["server_cpu_ms_per_label / ceiling"]["median"], "<=", 2),
        goal("p95 of a label (next and submit) / ceiling", of["label_p95 / ceiling"]["median"], "<=", 2),
    ]
    for name in ZEROES:
        goals.append(
            goal(f"{PEOPLE} people: {name}", sum(one["ours"][name] for one in found["rounds"]), "<=", 0)
        )
    return goals


def by_size(scratch: Path, options: argparse.Namespace) -> dict[str, Any]:
    homes = {size: make_home(scratch / f"size{size}", size) for size in (FEW, options.many)}
    rates: dict[int, list[float]] = {size: [] for size in homes}
    for number in range(SIZE_ROUNDS):
        for size in sorted(homes, reverse=bool(number % 2)):
            # A small campaign would run dry: each window has a fresh copy of it, and ends in its first half.
            home = shutil.copytree(homes[size], scratch / f"fresh{number}") if size == FEW else homes[size]
            with ours.serving(home) as server:
                loop = run_loop(server.annotators(PEOPLE), seconds=WINDOW, pids=server.pids)
                rates[size].append(float(loop["useful_per_s"]))  # type: ignore[arg-type]  # a number of a JSON report
        say(f"size round {number + 1} of {SIZE_ROUNDS}")
    pairs = [many / few for few, many in zip(rates[FEW], rates[options.many], strict=True)]
    told = summary(pairs)
    found: dict[str, Any] = {"rates": {str(size): values for size, values in rates.items()}}
    return found | {"ratio": told["median"], "range": told["range"]}


def during_import(server: ours.Winnow, options: argparse.Namespace) -> dict[str, Any]:
    alone = labelled(server, PEOPLE, options.seconds)
    begin = 10_000_000
    importing = server.add(begin, begin + 5_000)
    beside = labelled(server, PEOPLE, options.seconds)
    importing.wait(timeout=300)
    return {
        "alone": alone,
        "beside": beside,
        "ratio": round(beside["submit_ms"]["p95"] / alone["submit_ms"]["p95"], 3),
    }


def make_home(place: Path, items: int) -> Path:
    ours.campaign(place, "make", "0", str(items), str(CROWD))
    say(f"campaign of {items} items ready")
    return place


def summary(values: list[float]) -> dict[str, Any]:
    return {
        "median": round(statistics.median(values), 3),
        "range": [round(min(values), 3), round(max(values), 3)],
    }


def goal(name: str, value: float, sign: str, bound: float) -> dict[str, Any]:
    holds = value >= bound if sign == ">=" else value <= bound
    return {"name": name, "value": value, "must": f"{sign} {bound}", "holds": holds}


def machine() -> dict[str, object]:
    return {"processor": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
