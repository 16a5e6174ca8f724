"""The same rows, recipe and seed give the same bytes: make bench-repeats

    python -m bench.repeats [--runs 10] [--rows 200] [--database postgresql://...]

Imports, settles, freezes and exports the same file again and again, each time as a new project and in a
process of its own, on SQLite and, where a server is named (or WINNOW_TEST_DATABASE_URL is set), in a new
database on PostgreSQL. Row ids, clocks, hash seeds and the order in which a database gives its rows differ;
every file must not (promise P29).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench.importing import machine
from bench.running import surroundings

FORMATS = ("preference", "table", "unpaired", "listwise", "judgments", "items")
STEPS = [
    {"step": "drop_undecided", "keep_ties": True},
    {"step": "drop_duplicates"},
    {"step": "near_duplicates", "then": "mark"},
    {"step": "private_data"},
    {"step": "sample", "rows": 150, "seed": 7},
    {"step": "split", "test": 0.2, "seed": 7},
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--database", default=os.environ.get("WINNOW_TEST_DATABASE_URL", ""))
    parser.add_argument("--one", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_once(*options.one)))
        return
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as made:
        scratch = Path(made)
        file = scratch / "rows.jsonl"
        write_rows(file, options.rows)
        found = {"sqlite": runs_on(scratch / "sqlite", file, options.runs, "")}
        if options.database:
            with new_database(options.database) as url:
                found["postgresql"] = runs_on(scratch / "postgresql", file, options.runs, url)
    every = [files for runs in found.values() for files in runs]
    unlike = sorted({name for files in every for name in files if files[name] != every[0].get(name)})
    goal = {"name": "files that differ", "value": len(unlike), "must": "<= 0", "holds": not unlike}
    runs = {name: len(one) for name, one in found.items()}
    report = {"runs": runs, "files": len(every[0]), "unlike": unlike, "goals": [goal]}
    print(json.dumps({"bench": "repeats", "machine": machine()} | report))
    sys.exit(bool(unlike))


def runs_on(home: Path, file: Path, runs: int, database: str) -> list[dict[str, str]]:
    env = surroundings(home, database) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=env, check=True)
    found = []
    for number in range(runs):
        asked = [sys.executable, "-m", "bench.repeats", "--one", str(file), str(home / f"out{number}")]
        done = subprocess.run(asked, env=env, stdout=subprocess.PIPE, text=True, check=True)
        found.append(dict(json.loads(done.stdout.splitlines()[-1])))
    return found


def run_once(file: Path, out: Path) -> dict[str, str]:
    """SHA-256 of every file of every format, by its path."""
    import django

    django.setup()
    from annotate.services.importing import import_items
    from annotate.services.projects import create_project, free_slug
    from curation.services.recipes import save_recipe
    from curation.services.releasing import export_release, freeze_release
    from curation.services.settling import settle_items

    project = create_project(name="Repeated", slug=free_slug(name="repeated"), seed=3)
    import_items(project=project, path=file)
    settle_items(project=project)
    recipe = save_recipe(project=project, name="Repeated", steps=STEPS)
    release = freeze_release(project=project, recipe=recipe)
    for name in FORMATS:
        export_release(release=release, folder=out / name, format=name)
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """A database of its own on the server, dropped afterwards."""
    import psycopg

    name = f"winnow_repeats_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def write_rows(file: Path, rows: int) -> None:
    """Pairs with one to four judgments that agree, differ or tie, copies among them, texts of any script."""
    draw = random.Random(11)
    with file.open("w", encoding="utf-8") as lines:
        for place in range(rows):
            about = place - 1 if place % 9 == 8 else place
            lines.write(json.dumps(row(draw, place, about), ensure_ascii=False) + "\n")


def row(draw: random.Random, place: int, about: int) -> dict[str, Any]:
    said = [-3, -2, -1, "tie", 1, 2, 3]
    judgments = [
        {
            "judge": f"ann-{(place + number) % 6}", "kind": "person", "order": [number % 2, 1 - number % 2],
            "seconds": round(draw.uniform(3, 90), 2), "answers": {"preference": draw.choice(said)},
        }
        for number in range(1 + place % 4)
    ]  # fmt: skip
    return {
        "id": f"row-{place:04d}",
        "prompt": f"Frage {about}: wie geht „das“? — mail me at someone{about}@example.org",
        "candidates": [
            {"text": f"Zuerst dies {about}.\n\n" + "ähnlich und länger " * 12, "model": "a"},
            {"text": f"然后 {about}\t" + "so it goes " * (place % 20 + 1), "model": "b"},
        ],
        "meta": {"source": "xyz"[place % 3], "subject": "math" if place % 2 else "law"},
        "judgments": judgments,
    }


if __name__ == "__main__":
    main()
