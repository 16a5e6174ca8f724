"""The team's way: PostgreSQL, Redis and Celery; a worker killed in the middle, and the sweep that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from django.db import connection

from annotate.models import Job
from annotate.services.jobs import due_jobs, enqueue_job
from curation.models import Score
from tests.factories import make_items, make_project
from tests.helpers import lapse

ROOT = Path(__file__).resolve().parents[2]
REDIS = os.environ.get("WINNOW_TEST_REDIS_URL", "")
pytestmark = [
    pytest.mark.database_bound,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not REDIS, reason="no Redis: WINNOW_TEST_REDIS_URL is not set"),
    pytest.mark.skipif(
        not os.environ.get("WINNOW_TEST_DATABASE_URL"), reason="WINNOW_TEST_DATABASE_URL is not set"
    ),
]


@pytest.fixture
def team(tmp_path):
    """The environment of a worker on the test's own database, with queues that nobody else reads."""
    where = connection.settings_dict
    user, password = where["USER"] or "postgres", where["PASSWORD"]
    login = f"{user}:{password}" if password else user
    address = f"postgresql://{login}@{where['HOST'] or '127.0.0.1'}:{where['PORT'] or 5432}/{where['NAME']}"
    passed = {k: v for k, v in os.environ.items() if not k.startswith(("WINNOW_", "DJANGO_"))}
    return passed | {
        "WINNOW_HOME": str(tmp_path / "home"),
        "WINNOW_HOSTS": "localhost",
        "WINNOW_LOG": "ERROR",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": address,
        "REDIS_URL": REDIS.rsplit("/", 1)[0] + "/13",
    }


class CeleryWorker:
    def __init__(self, environment):
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "workers.celery", "worker", "--pool", "solo",
             "-Q", "cpu,gpu,judge", "-n", f"test-{uuid.uuid4().hex[:8]}", "--loglevel", "ERROR",
             "--without-gossip", "--without-mingle"],
            env=environment, cwd=ROOT, start_new_session=True,
        )  # fmt: skip

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def nudge_what_is_due(environment):
    """What beat does every few seconds."""
    subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); import workers.celery as c; "
         "c.app.set_current(); from workers.tasks import sweep; sweep()"],
        env=environment, cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip


def wait_for(condition, seconds=40):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, list(Job.objects.values_list("state", "error").distinct())
        time.sleep(0.02)


def test_a_killed_celery_worker_loses_nothing_and_the_sweep_goes_on(team):
    import redis

    broker = redis.Redis.from_url(team["REDIS_URL"])
    broker.flushdb()
    project = make_project()
    items = make_items(project, 240)
    job = enqueue_job(
        kind="score",
        project=project,
        payload={"scorer": "edit", "parameters": {}},
        units=[item.pk for item in items],
        chunk_size=12,
    )
    worker = None
    try:
        nudge_what_is_due(team)
        worker = CeleryWorker(team)
        wait_for(lambda: Score.objects.count() >= 24)
        worker.kill()
        lapse(Job.objects.filter(state="running"))
        assert due_jobs()

        nudge_what_is_due(team)
        worker = CeleryWorker(team)
        wait_for(lambda: not due_jobs() and not Job.objects.filter(state="running").exists())
    finally:
        if worker is not None:
            worker.kill()
        broker.flushdb()
        broker.close()

    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 240, 240)
    assert Score.objects.count() == Score.objects.values("item_id").distinct().count() == 240
