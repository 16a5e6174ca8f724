"""How near the strength ensemble comes to its two matrix products, and what memory it takes: make
bench-strength

    python -m bench.strength [--pairs 100000] [--features 384] [--large 1000000] [--rounds 3]

The floor is the two products of one iteration, features times heads and back, as often as the solver
iterated, measured in the same run. Seconds are processor seconds of one thread, so that neighbours on a
shared machine hardly move them. Memory is the peak above the data, each size in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

HEADS = 20
RIDGE = 1e-2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=384)
    parser.add_argument("--large", type=int, default=1_000_000, help="0: leave the large one out.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.features, options.rounds)))
        return
    sizes = [size for size in (options.pairs, options.large) if size]
    found = [
        measured_apart(size, options.features, options.rounds if not place else 1)
        for place, size in enumerate(sizes)
    ]
    goals = [
        goal("solving over its two products", found[0]["solve_over_floor"], 1.5),
        goal("MiB above the data", found[0]["mib_above_data"], 1024),
    ]
    if len(found) > 1:
        goals.append(goal("large: memory above the data over the data", found[1]["above_over_data"], 1.0))
    print(json.dumps({"bench": "strength", "heads": HEADS, "sizes": found, "goals": goals}, indent=1))


def goal(name: str, value: float, most: float) -> dict[str, Any]:
    return {"goal": name, "value": round(value, 3), "at_most": most, "met": value <= most}


def measured_apart(pairs: int, features: int, rounds: int) -> dict[str, Any]:
    """In a process of its own, with one thread for the products."""
    sys.stderr.write(f"{pairs} pairs …\n")
    command = [sys.executable, "-m", "bench.strength", "--one", str(pairs), "--features", str(features)]
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    made = subprocess.run(
        [*command, "--rounds", str(rounds)], env=os.environ | one, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def measure(pairs: int, features: int, rounds: int) -> dict[str, Any]:
    import numpy as np

    from curation.numerics.folds import draw_folds
    from curation.numerics.logistic import scale_of, solve_heads
    from curation.numerics.strength import cross_fit

    rows, groups = planted(pairs, features)
    mask = draw_folds(groups).masks()
    before = peak()
    point = np.zeros((features, HEADS), dtype=np.float32)
    scaling, scale = timed(lambda: scale_of(rows))
    solves, floors, iterations = [], [], 0
    for _round in range(rounds):
        solving, heads = timed(lambda: solve_heads(rows, ridge=RIDGE, weights=mask, scale=scale))
        iterations = heads.iterations
        multiplying, _none = timed(partial(products, rows, point, heads.iterations))
        solves.append(solving)
        floors.append(multiplying)
    whole, found = timed(lambda: cross_fit(rows, groups, ridges=[RIDGE]))
    data = rows.nbytes / 2**20
    above = (peak() - before) / 2**20
    return {
        "pairs": pairs,
        "features": features,
        "iterations": iterations,
        "solve_seconds": round(statistics.median(solves), 3),
        "floor_seconds": round(statistics.median(floors), 3),
        "solve_over_floor": round(statistics.median(a / b for a, b in zip(solves, floors, strict=True)), 3),
        "scale_seconds": round(scaling, 3),
        "cross_fit_seconds": round(whole, 3),
        "accuracy": round(found.accuracy, 4),
        "data_mib": round(data),
        "mib_above_data": round(above, 1),
        "above_over_data": round(above / data, 3),
    }


def products(rows: Any, point: Any, times: int) -> None:
    for _ in range(times):
        rows.T @ (rows @ point)


def planted(pairs: int, features: int) -> tuple[Any, list[str]]:
    """Pairs whose labels follow a direction, 18 % of them turned round, two to a prompt."""
    import numpy as np

    draw = np.random.default_rng(0)
    rows = draw.standard_normal((pairs, features), dtype=np.float32)
    logit = rows @ (draw.standard_normal(features).astype(np.float32) * (2 / features**0.5))
    sign = np.where(draw.random(pairs) < 1 / (1 + np.exp(-2 * logit)), 1, -1) * np.where(
        draw.random(pairs) < 0.18, -1, 1
    )
    for start in range(0, pairs, 65536):
        rows[start : start + 65536] *= sign[start : start + 65536, None].astype(np.float32)
    return rows, [str(place // 2) for place in range(pairs)]


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = act()
    return time.process_time() - began, made


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
