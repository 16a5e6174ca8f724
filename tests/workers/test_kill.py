"""A worker killed at any instant loses nothing and does nothing twice (promise P13)."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workers.runtime.conftest import save_tiny_model

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")]

SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.factories import make_project, make_item
from annotate.services.jobs import enqueue_job
project = make_project(name="Killed", slug="killed")
from django.db import transaction
with transaction.atomic():
    items = [make_item(project, texts=(f"word {{n}} " * (n % 37 + 1), f"other {{n % 7}} " * (n % 23 + 1)))
             for n in range({items})]
    units = [item.pk for item in items]
    for scorer in ("length", "edit"):
        enqueue_job(kind="score", project=project, payload={{"scorer": scorer, "parameters": {{}}}},
                    units=units, chunk_size={chunk})
"""


MODEL_SETUP = (
    SETUP.partition("    for scorer in")[0]
    + """
    payload = {{"scorer": "logprob", "parameters": {{"model": "tiny", "dtype": "float32"}}}}
    enqueue_job(kind="score", project=project, payload=payload, units=units, chunk_size={chunk}, queue="gpu")
"""
)


class Home:
    """A home of its own with work waiting in it, and a worker that can be started and killed."""

    def __init__(self, folder, *, items, chunk, setup=SETUP):
        self.folder = folder
        passed = {k: v for k, v in os.environ.items() if not k.startswith(("WINNOW_", "DATABASE", "REDIS"))}
        self.environment = passed | {
            "WINNOW_HOME": str(folder),
            "WINNOW_LOG": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        self.run("-c", setup.format(items=items, chunk=chunk))

    def run(self, *command):
        subprocess.run([sys.executable, *command], env=self.environment, cwd=ROOT, check=True, timeout=120)

    def start_worker(self):
        return subprocess.Popen(
            [sys.executable, "manage.py", "work", "--poll", "0.05"], env=self.environment, cwd=ROOT
        )

    def ask(self, query):
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=30) as connection:
            rows = connection.execute(query).fetchall()
        connection.close()
        return rows

    def let_leases_lapse(self):
        """As if the minute and a half after a kill had passed."""
        self.ask("UPDATE annotate_job SET leased_until = '2000-01-01 00:00:00' WHERE state = 'running'")

    def left(self):
        return self.ask(
            "SELECT count(*) FROM annotate_job WHERE state IN ('waiting', 'running', 'split', 'failed')"
        )[0][0]

    def wait_until_done(self, worker, seconds=90):
        deadline = time.monotonic() + seconds
        while self.left():
            assert worker.poll() is None, "the worker ended by itself"
            assert time.monotonic() < deadline, self.ask("SELECT state, error FROM annotate_job")
            time.sleep(0.05)

    def scores(self):
        return self.ask(
            "SELECT item_id, scorer, revision, value, details, flags FROM curation_score ORDER BY 1, 2, 3"
        )


def work_through(home, kills, chance):
    """Kill the worker ``kills`` times while it works, then let it finish; returns how often it was cut off
    with a job in hand."""
    in_hand = 0
    for _kill in range(kills):
        scored = home.ask("SELECT count(*) FROM curation_score")[0][0]
        worker = home.start_worker()
        deadline = time.monotonic() + 120
        while home.ask("SELECT count(*) FROM curation_score")[0][0] == scored and home.left():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        in_hand += home.ask("SELECT count(*) FROM annotate_job WHERE state = 'running'")[0][0] > 0
        home.let_leases_lapse()
    worker = home.start_worker()
    try:
        home.wait_until_done(worker)
    finally:
        worker.terminate()
        assert worker.wait(timeout=20) == 0
    return in_hand


def compare_with_an_undisturbed_run(tmp_path, *, items, chunk, kills, setup=SETUP, jobs=2):
    killed, calm = (
        Home(tmp_path / name, items=items, chunk=chunk, setup=setup) for name in ("killed", "calm")
    )
    if setup == MODEL_SETUP:
        for home in (killed, calm):
            save_tiny_model(home.folder / "models" / "tiny")
    in_hand = work_through(killed, kills, random.Random(kills))
    work_through(calm, 0, random.Random(0))

    assert in_hand > 0
    assert len(killed.scores()) == 2 * items
    assert killed.scores() == calm.scores()
    parents = killed.ask("SELECT state, done, total FROM annotate_job WHERE parent_id IS NULL")
    assert parents == [("done", items, items)] * jobs


def test_a_worker_killed_five_times_scores_everything_once(tmp_path):
    compare_with_an_undisturbed_run(tmp_path, items=600, chunk=25, kills=5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_killed_while_a_model_works_gives_the_same_digits(tmp_path):
    """Twice only: a chunk that took its worker down three times would be set aside."""
    compare_with_an_undisturbed_run(tmp_path, items=96, chunk=16, kills=2, setup=MODEL_SETUP, jobs=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_killed_twenty_times_scores_everything_once(tmp_path):
    compare_with_an_undisturbed_run(tmp_path, items=2000, chunk=20, kills=20)


def test_a_worker_told_to_stop_ends_what_it_has_in_hand(tmp_path):
    home = Home(tmp_path / "home", items=600, chunk=100)
    worker = home.start_worker()
    while not home.ask("SELECT count(*) FROM curation_score")[0][0]:
        time.sleep(0.005)

    worker.terminate()

    assert worker.wait(timeout=20) == 0
    assert home.ask("SELECT count(*) FROM annotate_job WHERE state = 'running'") == [(0,)]
    assert home.ask("SELECT max(attempts) FROM annotate_job") == [(1,)]
    scored = home.ask("SELECT count(*) FROM curation_score")[0][0]
    done = home.ask("SELECT sum(total) FROM annotate_job WHERE state = 'done' AND parent_id IS NOT NULL")
    assert done == [(scored,)]
    assert home.ask("SELECT count(*) FROM annotate_workerbeat") == [(0,)]
