"""From a file to a release through the database, rows a second and memory: make bench-streams

    python -m bench.streams [--rows 20000] [--large 0]

Imports pairs with one judgment each, settles them, releases them, and releases them again as a second version
that is compared with the first pair by pair, each stage in a process of its own. Memory is the most that the
process had resident. LARGE=1000000 shows that it does not grow with the rows (promise P30).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.importing import machine

ROWS = 20_000
NAME = "streamed"
PLAIN = [{"step": "drop_undecided"}]
STAGES = ("import", "settle", "release", "again")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--large", type=int, default=int(os.environ.get("LARGE", "0")), help="0: left out.")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        print(json.dumps(run_stage(options.stage, options.file, options.rows)))
        return
    sizes = [size for size in (options.rows, options.large) if size]
    found = {str(size): whole(size) for size in sizes}
    first, last = found[str(sizes[0])], found[str(sizes[-1])]
    goals = [
        goal("rows/s, settled pairs to both files", first["release"]["rows_per_second"], ">= 20000"),
        goal("most memory of the import, MiB", last["import"]["peak_mib"], "<= 500"),
        goal("most memory of the release, MiB", last["release"]["peak_mib"], "<= 300"),
        goal("most memory of a second version, MiB", last["again"]["peak_mib"], "<= 300"),
    ]
    print(json.dumps({"bench": "streams", "machine": machine(), "sizes": found, "goals": goals}))


def goal(name: str, value: float, must: str) -> dict[str, Any]:
    relation, number = must.split()
    holds = value >= float(number) if relation == ">=" else value <= float(number)
    return {"name": name, "value": value, "must": must, "holds": holds}


def whole(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as made:
        scratch = Path(made)
        file = scratch / "rows.jsonl"
        write_rows(file, rows)
        env = {name: value for name, value in os.environ.items() if not name.startswith("WINNOW_")}
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        env |= {"WINNOW_HOME": str(scratch / "home"), "DJANGO_SETTINGS_MODULE": "config.settings"}
        return {stage: in_child(stage, file, rows, env) for stage in STAGES}


def in_child(stage: str, file: Path, rows: int, env: dict[str, str]) -> dict[str, Any]:
    asked = [sys.executable, "-m", "bench.streams", "--stage", stage, "--file", str(file)]
    done = subprocess.run(
        [*asked, "--rows", str(rows)], stdout=subprocess.PIPE, text=True, check=True,
        env=env | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_stage(stage: str, file: Path, rows: int) -> dict[str, Any]:
    import django

    django.setup()
    acts = {"import": do_import, "settle": do_settle, "release": do_release, "again": do_release_again}
    seconds = acts[stage](file)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"seconds": round(seconds, 2), "rows_per_second": round(rows / seconds), "peak_mib": peak}


def do_import(file: Path) -> float:
    from django.core.management import call_command

    from annotate.services.importing import import_items
    from annotate.services.projects import create_project

    call_command("migrate", verbosity=0)
    project = create_project(name=NAME)
    began = time.perf_counter()
    import_items(project=project, path=file)
    return time.perf_counter() - began


def do_settle(_file: Path) -> float:
    from annotate.models import Project
    from curation.services.settling import settle_items

    began = time.perf_counter()
    settle_items(project=Project.objects.get(name=NAME))
    return time.perf_counter() - began


def do_release(_file: Path) -> float:
    return release("Plain", PLAIN)


def do_release_again(_file: Path) -> float:
    """Another recipe that keeps the same rows: every pair has to be found in the version before."""
    return release("Plain, not far apart", [*PLAIN, {"step": "max_spread", "at_most": 6}])


def release(name: str, steps: list[dict[str, Any]]) -> float:
    from annotate.models import Project
    from curation.services.recipes import save_recipe
    from curation.services.releasing import freeze_release

    project = Project.objects.get(name=NAME)
    recipe = save_recipe(project=project, name=name, steps=steps)
    began = time.perf_counter()
    frozen = freeze_release(project=project, recipe=recipe)
    seconds = time.perf_counter() - began
    if frozen.parent is not None and frozen.changes["kept"] != frozen.rows:
        raise SystemExit(f"Of {frozen.rows} pairs {frozen.changes['kept']} were found in the version before.")
    return seconds


def write_rows(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8") as lines:
        for place in range(rows):
            judged = {"judge": f"ann-{place % 7}", "kind": "person", "order": [place % 2, 1 - place % 2]}
            row = {
                "id": f"row-{place}",
                "prompt": f"prompt {place} " + "asks for something " * 8,
                "candidates": [
                    {"text": f"first {place} " + "says one thing " * 30, "model": "a"},
                    {"text": f"second {place} " + "says another " * 30, "model": "b"},
                ],
                "judgments": [judged | {"answers": {"preference": -2 if place % 3 else 1}}],
            }
            lines.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
