"""The one command, as a newcomer runs it: real processes on a free port and an empty home."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"), pytest.mark.timeout(120)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A running `manage.py serve` with what it says."""

    def __init__(self, home, port, *options):
        self.port = port
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("WINNOW_", "DJANGO_", "PYTEST"))
        }
        environment |= {"WINNOW_HOME": str(home), "PORT": str(port), "WINNOW_LOG": "WARNING"}
        self.output = open(home.parent / f"said-{time.monotonic_ns()}", "w+b")  # noqa: SIM115  # end() closes it
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", "--no-demo", *options],
            env=environment,
            cwd=ROOT,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self):
        self.output.flush()
        return Path(self.output.name).read_text()

    def wait_until_up(self, seconds=60):
        deadline = time.monotonic() + seconds
        while "Winnow is at" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()

    def descendants(self):
        return descendants_of(self.process.pid)

    def end(self):
        for pid in [*self.descendants(), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.output.close()


def parents():
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found[int(folder.name)] = int(parent)
    return found


def descendants_of(pid):
    table = parents()
    found, front = [], {pid}
    while front:
        front = {child for child, parent in table.items() if parent in front}
        found += front
    return found


def wait_until_gone(pids, seconds=15):
    deadline = time.monotonic() + seconds
    while left := sorted(set(pids) & parents().keys()):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.05)
    return []


@pytest.fixture
def serve(tmp_path):
    started = []

    def serve(*options, port=None):
        started.append(Served(tmp_path / "home", port or free_port(), *options))
        return started[-1]

    yield serve
    for served in started:
        served.end()


@pytest.fixture
def served(serve):
    served = serve()
    served.wait_until_up()
    return served


def test_serve_prints_a_password_once_and_answers(serve, tmp_path):
    first = serve()
    first.wait_until_up()
    status, page = first.get("/login/")
    first.process.send_signal(signal.SIGINT)
    first.process.wait(timeout=30)

    second = serve()
    second.wait_until_up()

    assert (status, "csrfmiddlewaretoken" in page) == (200, True)
    assert len(re.findall(r"Password: +\S{16}\b", first.said())) == 1
    assert "Password" not in second.said()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "home").iterdir() if p.is_file()} == {0o600}


def test_ctrl_c_ends_every_process_and_frees_the_port(served):
    children = served.descendants()

    served.process.send_signal(signal.SIGINT)

    assert served.process.wait(timeout=30) == 0
    assert len(children) == 3  # the web server, its one worker process, and the background worker
    assert wait_until_gone(children) == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", served.port))


def test_killing_the_parent_leaves_no_child_behind(served):
    children = served.descendants()

    served.process.kill()
    served.process.wait()

    assert len(children) == 3
    assert wait_until_gone(children) == []


def test_a_dead_worker_is_started_again(served):
    def worker():
        return [
            pid
            for pid in served.descendants()
            if b"work" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ]

    deadline = time.monotonic() + 30
    [before] = worker()
    os.kill(before, signal.SIGKILL)
    while worker() in ([], [before]) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert worker() not in ([], [before])
    assert "started again in 1 s" in served.said()


def test_a_taken_port_is_told_with_a_cure(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused = serve(port=port)

        assert refused.process.wait(timeout=30) == 1
        assert f"choose another port with PORT={port + 1}" in refused.said()


def test_a_home_that_others_can_read_is_refused_at_the_start(serve, tmp_path):
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "home").chmod(0o755)

    refused = serve()

    assert refused.process.wait(timeout=30) != 0
    assert f"chmod 700 {tmp_path / 'home'}" in refused.said()
