"""A submit that was acknowledged is there after the web server was killed, and there once (promise P1)."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills as Linux does"),
    pytest.mark.database_bound,
]
SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
import json
from django.db import transaction
from knox.models import AuthToken
from tests.factories import make_items, make_member, make_project
with transaction.atomic():
    project = make_project(slug="killed", overlap={people})
    make_items(project, {items}, seats={people})
    tokens = [AuthToken.objects.create(make_member(project))[1] for _ in range({people})]
print(json.dumps(tokens))
"""
VERIFY = """
import django; django.setup()
import json, sys
from collections import Counter
from annotate.models import Assignment, Item, Judgment, Submission
from tests.helpers import assert_judgments_add_up, assert_seats_add_up
kept = {str(one.key): one for one in Submission.objects.all()}
made = Counter(Judgment.objects.values_list("assignment_id", flat=True))
stored = set(Judgment.objects.values_list("pk", flat=True))
acknowledged = json.load(open(sys.argv[1]))
project = Item.objects.first().project
assert_seats_add_up(project)
assert_judgments_add_up(project)
print(json.dumps({
    "lost": [key for key, judgment in acknowledged.items()
             if key not in kept or kept[key].reply.get("judgment") != judgment or judgment not in stored],
    "doubled": [pk for pk, count in made.items() if count > 1],
    "judgments": len(stored), "submissions": len(kept),
}))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, method, path, body=None, headers=None, *, timeout):
    """Status and whole body of the reply; raises where the server died over it."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.request(method, path, body=body, headers=headers or {})
        with closing(connection.getresponse()) as reply:
            return reply.status, reply.read()


class Victim:
    """A web server on a home and a database of its own, to be killed and started again."""

    def __init__(self, folder, database):
        self.port = free_port()
        passed = {k: v for k, v in os.environ.items() if not k.startswith(("WINNOW_", "DATABASE", "REDIS"))}
        self.environment = passed | {
            "WINNOW_HOME": str(folder / "home"),
            "WINNOW_LOG": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        if database:
            self.environment |= {"DATABASE_URL": database, "WINNOW_MODE": "laptop"}
        self.process = None

    def run(self, code, *arguments):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environment,
            cwd=ROOT,
            check=True,
            timeout=300,
            stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout.decode().splitlines()[-1])

    def start(self):
        command = [sys.executable, "-m", "workers.webserver", "127.0.0.1", str(self.port), "1"]
        self.process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            # The port is bound before anybody answers at it.
            with suppress(OSError, http.client.HTTPException):
                if ask(self.port, "GET", "/login/", timeout=5)[0] == 200:
                    return
            time.sleep(0.02)
        raise AssertionError("the web server does not start")

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Annotator(threading.Thread):
    """Takes and answers without a pause. An answer that was not acknowledged is sent again under its key."""

    def __init__(self, port, token, ending):
        super().__init__(daemon=True)
        self.port, self.ending = port, ending
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self.acknowledged, self.again, self.strange = {}, 0, []

    def run(self):
        while not self.ending.is_set():
            taken = self.ask("POST", "next/", {})
            assignment = taken and taken.get("assignment")
            if not assignment:
                if taken is not None:
                    return
                continue
            self.answer(assignment)

    def answer(self, assignment):
        key = str(uuid.uuid4())
        body = {"lease_token": assignment["lease_token"], "key": key, "answers": {"preference": 1}}
        while not self.ending.is_set():
            reply = self.ask("PUT", f"assignments/{assignment['id']}/judgment/", body)
            if reply is not None:
                self.acknowledged[key] = reply["judgment"]
                return
            self.again += 1

    def ask(self, method, path, body):
        """The reply's body; None where no whole reply came."""
        try:
            status, content = ask(
                self.port, method, f"/api/projects/killed/{path}", json.dumps(body), self.headers, timeout=10
            )
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            return None
        if status != 200:
            self.strange.append((status, path, content[:200]))
            return None
        return json.loads(content)


@pytest.fixture
def database():
    """A database of its own where the tests run on PostgreSQL; else none, and SQLite is in the home."""
    server = os.environ.get("WINNOW_TEST_DATABASE_URL")
    if not server:
        yield ""
        return
    import psycopg

    name = f"crash_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def kill_again_and_again(folder, database, *, kills, people, items, longest):
    victim = Victim(folder, database)
    tokens = victim.run(SETUP.format(people=people, items=items))
    ending = threading.Event()
    annotators = [Annotator(victim.port, token, ending) for token in tokens]
    chance = random.Random(1)
    victim.start()
    for annotator in annotators:
        annotator.start()
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, longest))
            victim.kill()
            victim.start()
        time.sleep(2)
        ending.set()
        for annotator in annotators:
            annotator.join(timeout=60)
            assert not annotator.is_alive()
    finally:
        ending.set()
        victim.kill()
    acknowledged = {key: pk for one in annotators for key, pk in one.acknowledged.items()}
    (folder / "acknowledged.json").write_text(json.dumps(acknowledged))
    report = victim.run(VERIFY, str(folder / "acknowledged.json"))
    report |= {
        "acknowledged": len(acknowledged),
        "again": sum(one.again for one in annotators),
        "strange": [found for one in annotators for found in one.strange],
    }
    print(report | {"strange": report["strange"][:5]})
    return report


@pytest.mark.timeout(900)
def test_ten_kills_lose_no_acknowledged_answer_and_double_none(tmp_path, database):
    report = kill_again_and_again(tmp_path, database, kills=10, people=20, items=150, longest=1.5)

    assert (report["lost"], report["doubled"], report["strange"]) == ([], [], [])
    assert report["acknowledged"] > 100
    assert report["judgments"] >= report["acknowledged"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_lose_no_acknowledged_answer_and_double_none(tmp_path, database):
    report = kill_again_and_again(tmp_path, database, kills=200, people=20, items=3000, longest=3)

    assert (report["lost"], report["doubled"], report["strange"]) == ([], [], [])
    assert report["acknowledged"] >= 10_000
