"""What scoring and the pages of scores cost with many items: make bench-scores_at_scale

    python -m bench.scores_at_scale [--items 100000] [--scored 1000] [--rounds 5]

In an empty home on SQLite: import some pairs of 250 words, read every feature off their texts as the job
does, take in a table with scores of three reward models, copy all of it inside the database until there
are as many items as wanted, and then ask the item browser and the Scores page for what a person asks them.
Prints JSON: pairs per processor second of each stage, and of each request its queries and its median
milliseconds, of the request whole and of the database alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.desk.items import pairs
from bench.models import machine

REQUESTS = {
    "items, as they came": "items/",
    "items, highest length gap first": "items/?sort=length&down=1",
    "items, by length gap from 20 to 30": "items/?sort=length&low=20&high=30",
    "items, flagged only, by shared names": "items/?sort=entities&flagged=1",
    "items, by uploaded score, a page in the middle": "items/?sort=uploaded&value=0.0&after=50000",
    "items, part of an id": "items/?q=9999",
    "scores, a histogram": "scores/?of=uploaded",
    "scores, the pairs of a bar": "scores/?of=uploaded&bin=16",
}
# What the page asks for as a part of itself.
PARTS = {"scores, the pairs of a bar"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--scored", type=int, default=1000, help="So many pairs are scored for real.")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-scores-") as home:
        start_django(Path(home))
        stages = fill(Path(home), options.items, min(options.scored, options.items))
        pages = {
            name: asked(address, options.rounds, part=name in PARTS) for name, address in REQUESTS.items()
        }
    report = {"bench": "scores_at_scale", "machine": machine(), "items": options.items}
    print(json.dumps(report | {"stages": stages, "requests": pages}, indent=1))


def start_django(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("WINNOW_")] + ["DATABASE_URL", "REDIS_URL"]:
        os.environ.pop(name, None)
    home.chmod(0o700)
    os.environ |= {"WINNOW_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def fill(home: Path, items: int, scored: int) -> dict[str, Any]:
    from django.contrib.auth.models import User

    from annotate.services.importing import import_items
    from annotate.services.projects import create_project
    from curation.services.score_tables import keep_score_table
    from curation.services.scoring import score_items
    from workers.running import work_off

    lead = User.objects.create_user("lead", password="not a password")
    project = create_project(name="Many", slug="many", lead=lead)
    file, table = home / "pairs.jsonl", home / "scores.csv"
    file.write_text("".join(json.dumps(row) + "\n" for row in pairs(0, scored)))
    table.write_text("".join(score_lines(scored)))
    found = {"import": timed(lambda: import_items(project=project, path=file), scored)}
    score_items(project=project, scorer="features")
    found["features"] = timed(work_off, scored)
    kept = timed(lambda: keep_score_table(project=project, path=table, name=table.name), scored)
    found["table_of_three_scorers"] = kept
    timed(lambda: multiply(items // scored - 1), items)
    return found


def score_lines(count: int) -> Iterator[str]:
    draw = random.Random(0)
    yield "id,candidate,rm_a,rm_b,rm_c\n"
    for number in range(count):
        for side in (0, 1):
            given = ",".join(f"{draw.gauss(0, 1):.4f}" for _model in range(3))
            yield f"pair-{number},{side},{given}\n"


# What is copied of each table, and by how much its columns are shifted for each copy.
TABLES = {
    "annotate_item": ({"id": "annotate_item"}, ("key", "external_id")),
    "annotate_candidate": ({"id": "annotate_candidate", "item_id": "annotate_item"}, ()),
    "curation_score": (
        {
            "id": "curation_score", "item_id": "annotate_item", "first_id": "annotate_candidate",
            "second_id": "annotate_candidate",
        },
        (),
    ),
    "curation_latestscore": (
        {"id": "curation_latestscore", "item_id": "annotate_item", "score_id": "curation_score"}, (),
    ),
}  # fmt: skip


def multiply(copies: int) -> None:
    """Every item with its candidates and scores so many times more, inside the database."""
    from django.apps import apps
    from django.db import connection, transaction

    with connection.cursor() as cursor, transaction.atomic():
        sizes = {}
        for table in TABLES:
            cursor.execute(f"SELECT max(id) FROM {table}")
            sizes[table] = cursor.fetchone()[0]
        for table, (shifted, named) in TABLES.items():
            model = next(one for one in apps.get_models() if one._meta.db_table == table)
            columns = [one.column for one in model._meta.concrete_fields if not one.generated]
            taken = [
                f"{name} + copy * {sizes[shifted[name]]}"
                if name in shifted
                else f"{name} || '-' || copy"
                if name in named
                else f"{name} + copy * 0.001"
                if name == "value"
                else name
                for name in columns
            ]
            cursor.execute(
                "WITH RECURSIVE numbers(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM numbers WHERE "
                f"copy < {copies}) INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)} "
                f"FROM {table}, numbers"
            )


def timed(act: Callable[[], object], items: int) -> dict[str, float]:
    sys.stderr.write(".")
    began, worked = time.perf_counter(), time.process_time()
    act()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "pairs_per_processor_second": round(items / processor),
    }


def asked(address: str, rounds: int, *, part: bool) -> dict[str, Any]:
    """The page as its lead gets it, or the part of it that its script asks for, through the whole of Django,
    after one round to warm up."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(User.objects.get())
    whole, database, queries, status = [], [], 0, 0
    for round_number in range(rounds + 1):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            headers = {"Host": "localhost"} | ({"HX-Request": "true"} if part else {})
            status = client.get(f"/p/many/{address}", headers=headers).status_code
        if round_number:
            whole.append(1000 * (time.perf_counter() - began))
            database.append(1000 * sum(float(one["time"]) for one in captured.captured_queries))
        queries = len(captured)
    return {
        "status": status,
        "queries": queries,
        "milliseconds": round(statistics.median(whole), 1),
        "database_milliseconds": round(statistics.median(database), 1),
    }


if __name__ == "__main__":
    main()
