"""What curation and export cost beside the bare libraries: make bench-release

Ratios are taken in one run, on rows made here: the export against pyarrow writing the same columns from
memory, near-duplicates against datasketch alone, decontamination against reading the prompts. ROWS=1000000
measures memory and previews at that size (default 200000). Seconds are processor seconds; ``wall`` is what
the clock said of the whole export.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.importing import machine

ROWS = int(os.environ.get("ROWS", "200000"))
BATCH = 8192
WORDS = [f"{a}{b}{c}" for a in "bdfglmnprst" for b in ("a", "en", "il", "or", "u") for c in "kmnrstvz"]


def texts(rng: np.random.Generator, count: int, words: int) -> list[str]:
    vocabulary = np.array(WORDS)
    drawn = vocabulary[rng.integers(0, len(vocabulary), size=(count, words))]
    return [" ".join(row) for row in drawn]


def make_rows(start: int, count: int, pools: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Rows of a table, each text its own: a number and a text of the pool."""
    rows = []
    for place in range(start, start + count):
        prompt, first, second = (f"{place} {pools[name][place % len(pools[name])]}" for name in pools)
        candidates = json.dumps([{"model": "a"}, {"model": "b"}])
        rows.append(
            {
                "id": f"row-{place:08d}", "item_key": f"{place:064d}", "prompt_key": f"{place // 2:064d}",
                "prompt": [{"role": "user", "content": prompt}], "prompt_text": prompt, "first": first,
                "second": second, "first_model": "a", "second_model": "b", "first_revision": "",
                "second_revision": "", "verdict": 2 if place % 10 > 7 else place % 2,
                "preference": (-2.0, 2.0)[place % 2], "confidence": 0.5 + place % 5 / 10,
                "n_judges": 1 + place % 5, "spread": float(place % 4), "people_verdict": place % 2,
                "models_verdict": -1,
                "votes": [-2, 2, 1], "source": "xyz"[place % 3], "subject": "",
                "meta": "{}", "candidates": candidates, "judgments": "[]", "ratings": "{}",
                "standings": "{}",
                "score:ln_ches:first": float(np.sin(place)), "score:ln_ches:second": float(np.cos(place)),
            }
        )  # fmt: skip
    return rows


def make_table(path: Path, size: int) -> None:
    from curation.formats.table import TableWriter, batch_of, table_schema

    rng = np.random.default_rng(1)
    pools = {name: texts(rng, 4000, words) for name, words in (("prompt", 30), ("first", 90), ("second", 90))}
    schema = table_schema(["ln_ches:first", "ln_ches:second"])
    with TableWriter(path, schema) as writer:
        for start in range(0, size, BATCH):
            writer.write(batch_of(make_rows(start, min(BATCH, size - start), pools), schema))


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, which neighbours on a shared machine hardly move."""
    began = time.process_time()
    made = act()
    return time.process_time() - began, made


PREVIEWED = [
    {"step": "drop_undecided"},
    {"step": "min_judges", "at_least": 2},
    {"step": "min_confidence", "at_least": 0.6},
    {"step": "drop_alike", "top_percent": 10},
    {"step": "length_gap", "at_most": 400},
    {"step": "drop_duplicates"},
    {"step": "one_per_prompt"},
    {"step": "mix", "shares": {"x": 1, "y": 1, "z": 1}},
    {"step": "split", "test": 0.1},
]


def previews(path: Path) -> dict[str, Any]:
    """Seconds of each step once its columns are there, and of the whole recipe."""
    from curation.formats.loading import table_columns
    from curation.numerics.recipes import follow_recipe, steps_from_dicts

    columns = table_columns(path)
    steps = steps_from_dicts(PREVIEWED)
    first, _made = timed(lambda: follow_recipe(columns, steps))
    whole, _made = timed(lambda: follow_recipe(columns, steps))
    each = {
        step.name: round(timed(lambda step=step: follow_recipe(columns, (step,)))[0], 3) for step in steps
    }
    return {"first": round(first, 2), "whole": round(whole, 2), "slowest": max(each.values()), "steps": each}


def export(path: Path, out: Path) -> dict[str, Any]:
    """Freeze and write every row as preferences, Parquet alone and with JSONL; seconds."""
    from curation.formats.folder import rows_for, write_release
    from curation.formats.freezing import freeze_rows
    from curation.formats.loading import table_columns
    from curation.formats.registry import FORMATS
    from curation.numerics.recipes import follow_recipe, steps_from_dicts

    columns, selection = follow_recipe(table_columns(path), steps_from_dicts([{"step": "drop_undecided"}]))
    frozen = out / "rows.parquet"
    found: dict[str, Any] = {"rows": selection.kept}
    began = time.perf_counter()
    found["freeze"], _made = timed(lambda: freeze_rows(path, columns, selection.state, frozen))
    for name, files in (("parquet", ["parquet"]), ("both", ["parquet", "jsonl"])):
        found[name], _made = timed(
            lambda name=name, files=files: write_release(
                out / name, rows_for(frozen, FORMATS["preference"]), format=FORMATS["preference"],
                manifest={}, files=files,
            )
        )  # fmt: skip
    return found | {"wall": round(time.perf_counter() - began, 2)}


def bare_parquet(folder: Path, out: Path) -> float:
    """pyarrow alone, from memory, with the writer's own settings; flushed like the folder."""
    table = pq.read_table(folder / "data" / "train.parquet")

    def write() -> None:
        pq.write_table(
            table, out, version="2.6", compression="zstd", compression_level=3, use_dictionary=True,
            write_page_checksum=True, row_group_size=BATCH,
        )  # fmt: skip
        with out.open("rb") as stream:
            os.fsync(stream.fileno())

    return timed(write)[0]


def near_duplicates(count: int = 20_000) -> dict[str, Any]:
    from datasketch import MinHash, MinHashLSH

    from curation.numerics.recipes.near_duplicates import near_duplicate_clusters

    rng = np.random.default_rng(2)
    made = texts(rng, count, 150)
    made[1::20] = [f"{text} and more" for text in made[0::20]][: len(made[1::20])]

    def bare() -> int:
        index, found = MinHashLSH(threshold=0.8, num_perm=128), 0
        for place, text in enumerate(made):
            words = text.lower().split()
            signature = MinHash(num_perm=128)
            signature.update_batch([" ".join(words[at : at + 5]).encode() for at in range(len(words) - 4)])
            found += bool(index.query(signature))
            index.insert(place, signature)
        return found

    ours, labels = timed(lambda: near_duplicate_clusters(pa.array(made)))
    theirs, found = timed(bare)
    return {
        "texts": count, "seconds": round(ours, 2), "datasketch_seconds": round(theirs, 2),
        "ratio": round(theirs / ours, 2), "duplicates": int((labels != np.arange(count)).sum()),
        "datasketch_duplicates": found,
    }  # fmt: skip


def decontamination(scratch: Path, prompts: int = 100_000, tests: int = 10_000) -> dict[str, Any]:
    from curation.numerics.recipes.decontamination import decontaminate

    rng = np.random.default_rng(3)
    train, held = texts(rng, prompts, 60), texts(rng, tests, 60)
    held[:100] = train[:100]
    file = scratch / "prompts.jsonl"
    file.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in train), encoding="utf-8")

    def read() -> list[str]:
        return [json.loads(line)["prompt"] for line in file.open(encoding="utf-8")]

    reading, again = timed(read)
    seconds, overlap = timed(lambda: decontaminate(again, held))
    return {
        "prompts": prompts, "tests": tests, "seconds": round(seconds, 2), "reading": round(reading, 3),
        "ratio": round(seconds / reading, 2), "found": int((overlap.shares > 0.5).sum()),
    }  # fmt: skip


def in_child(what: str, *paths: Path) -> dict[str, Any]:
    """A measurement in a process of its own, with the most memory it had resident beyond its imports."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.release", what, *map(str, paths)], capture_output=True, text=True,
        check=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def goal(name: str, value: float, must: str) -> dict[str, Any]:
    relation, number = must.split()
    holds = value >= float(number) if relation == ">=" else value <= float(number)
    return {"name": name, "value": round(value, 3), "must": must, "holds": holds}


def main() -> None:
    if len(sys.argv) > 1:
        what, paths = sys.argv[1], [Path(one) for one in sys.argv[2:]]
        found = {"export": export, "previews": previews, "table": make_table_in}[what](*paths)
        found["peak_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as made:
        scratch = Path(made)
        table = scratch / "pairs.parquet"
        in_child("table", table)
        out = scratch / "out"
        out.mkdir()
        exported, seen = in_child("export", table, out), in_child("previews", table)
        bare = bare_parquet(out / "parquet", scratch / "bare.parquet")
        near, clean = near_duplicates(), decontamination(scratch)
    rows = exported["rows"]
    goals = [
        goal("Parquet export / pyarrow from memory", bare / exported["parquet"], ">= 0.3"),
        goal("rows/s, freezing to both files", rows / (exported["freeze"] + exported["both"]), ">= 20000"),
        goal("most memory of the export, MiB", exported["peak_mib"], "<= 300"),
        goal("slowest step again, seconds", seen["slowest"], "<= 1.0"),
        goal("near-duplicates / datasketch alone", near["ratio"], ">= 0.8"),
        goal("decontamination / reading", clean["ratio"], "<= 10"),
    ]
    print(
        json.dumps(
            {
                "bench": "release", "machine": machine(), "rows": ROWS, "export": exported, "bare": bare,
                "previews": seen, "near_duplicates": near, "decontamination": clean, "goals": goals,
            }
        )
    )  # fmt: skip


def make_table_in(path: Path) -> dict[str, Any]:
    make_table(path, ROWS)
    return {}


if __name__ == "__main__":
    main()
