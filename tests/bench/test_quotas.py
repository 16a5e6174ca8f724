"""A measurement that breaks or is ended says so: its JSON comes whatever happens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def started(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "bench.quotas", "--seed", "11", *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(process):
    told, _troubles = process.communicate(timeout=120)
    return process.returncode, json.loads(told)


def test_a_run_that_breaks_is_told_by_its_error_and_the_next_begins():
    server = "postgresql://nobody@127.0.0.1:1/nowhere"

    status, found = said(started("--runs", "2", "--postgresql", server))

    assert (status, found["holds"], [one["seed"] for one in found["runs"]]) == (1, False, [11, 12])
    assert all(one["error"] for one in found["runs"])


def test_one_that_is_ended_from_outside_says_by_what():
    process = started("--runs", "2", "--annotators", "1")
    assert process.stderr.readline() == "run 1 of 2, seed 11\n"

    process.send_signal(signal.SIGTERM)
    status, found = said(process)

    assert (status, [one["error"] for one in found["runs"]]) == (1, ["Ended: ended by SIGTERM"])
