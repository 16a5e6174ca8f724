"""What an import costs over the bare writing of its rows: make bench-importing

Both sides in one run, in turn, on one empty SQLite home: our service with its two passes, checks and keys,
against one bulk_create of the same items and candidates.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
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
        ratios = [measure(Path(scratch), number) for number in range(ROUNDS)]
    value = statistics.median(ratios)
    goal = {
        "name": "import rate / bare write rate",
        "value": round(value, 3),
        "must": ">= 0.5",
        "holds": value >= 0.5,
    }
    print(json.dumps({"bench": "importing", "machine": machine(), "rounds": ratios, "goals": [goal]}))


def measure(scratch: Path, number: int) -> float:
    """Bare seconds over ours: 1 would mean that reading, checking and naming cost nothing."""
    from annotate.services.importing import import_items
    from annotate.services.projects import create_project

    file = scratch / f"rows{number}.jsonl"
    rows = [
        {
            "id": f"r{number}-{place}",
            "prompt": f"prompt {place} of round {number}",
            "response_a": "first " * 40 + str(place),
            "response_b": "second " * 40 + str(place),
        }
        for place in range(ROWS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    bare, ours = create_project(name=f"bare {number}"), create_project(name=f"ours {number}")
    began = time.perf_counter()
    write_bare(bare, rows)
    middle = time.perf_counter()
    import_items(project=ours, path=file)
    return round((middle - began) / (time.perf_counter() - middle), 3)


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
