"""What an import costs over the bare writing of its rows: make bench-importing

All sides in one run, in turn, on one empty SQLite home: our service with its two passes, checks and keys, on
JSON lines, on Parquet and on lines that each bring a judgment, against one bulk_create of the same items and
candidates; and the reading alone, which is what the two kinds of files differ in. Seconds are processor
seconds, which neighbours on a shared machine hardly move.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROWS = 3000
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as scratch:
        os.environ["WINNOW_HOME"] = str(Path(scratch) / "home")
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        rounds = [measure(Path(scratch), number) for number in range(ROUNDS)]
    middle = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    goals = [
        goal("import rate / bare write rate", middle["bare"] / middle["jsonl"], 0.5),
        goal("reading Parquet / reading JSON lines", middle["read jsonl"] / middle["read parquet"], 1.0),
    ]
    rates = {name: round(ROWS / seconds) for name, seconds in middle.items()}
    print(json.dumps({"bench": "importing", "machine": machine(), "rows_per_second": rates, "goals": goals}))


def goal(name: str, value: float, least: float) -> dict[str, object]:
    return {"name": name, "value": round(value, 3), "must": f">= {least}", "holds": value >= least}


def measure(scratch: Path, number: int) -> dict[str, float]:
    """Seconds of the bare writing and of each import, by name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from annotate.services.importing import import_items
    from annotate.services.projects import create_project

    rows = [
        {
            "id": f"r{number}-{place}",
            "prompt": f"prompt {place} of round {number}",
            "response_a": "first " * 40 + str(place),
            "response_b": "second " * 40 + str(place),
        }
        for place in range(ROWS)
    ]
    files = {name: scratch / f"{name}{number}.{name}" for name in ("jsonl", "parquet")}
    files["judged"] = scratch / f"judged{number}.jsonl"
    files["jsonl"].write_text("".join(json.dumps(row) + "\n" for row in rows))
    files["judged"].write_text("".join(json.dumps(judged(row)) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), files["parquet"])
    project = create_project(name=f"bare {number}")
    found = {"bare": timed(lambda: write_bare(project, rows))}
    for name in ("jsonl", "parquet"):
        found[f"read {name}"] = timed(lambda file=files[name]: read_all(file))
    for name, file in files.items():
        into = create_project(name=f"{name} {number}")
        found[name] = timed(lambda into=into, file=file: import_items(project=into, path=file))
    return found


def read_all(file: Path) -> None:
    from annotate.readers.limits import DEFAULT_LIMITS
    from annotate.readers.reading import read_items

    for _row in read_items(file, name=file.name, limits=DEFAULT_LIMITS):
        pass


def timed(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def judged(row: dict[str, str]) -> dict[str, object]:
    """The same pair with one person's judgment, in our own shape."""
    return {
        "id": row["id"],
        "prompt": row["prompt"],
        "candidates": [{"text": row["response_a"]}, {"text": row["response_b"]}],
        "judgments": [{"judge": "ann", "kind": "person", "answers": {"preference": -2}}],
    }


def write_bare(project, rows) -> None:
    from django.db import transaction

    from annotate.models import Candidate, Item

    with transaction.atomic():
        items = Item.objects.bulk_create(
            [
                Item(
                    project=project,
                    key=row["id"].rjust(64, "0"),
                    external_id=row["id"],
                    group_key="0" * 64,
                    prompt=[{"role": "user", "content": row["prompt"]}],
                )
                for row in rows
            ],
            batch_size=500,
        )
        Candidate.objects.bulk_create(
            [
                Candidate(
                    item=item,
                    position=position,
                    text=row[name],
                    text_hash="0" * 64,
                    origin="imported",
                    origin_key=str(position),
                )
                for item, row in zip(items, rows, strict=True)
                for position, name in enumerate(("response_a", "response_b"))
            ],
            batch_size=500,
        )


def machine() -> dict[str, object]:
    return {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}


if __name__ == "__main__":
    main()
