"""Two children kept alive, the web server and one worker, until somebody says stop.

Children have sessions of their own, so that Ctrl-C reaches this process alone and they are ended in order.
Each has a lifeline (workers/lifeline.py), so that none outlives this process even when it is killed outright.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
GRACE = 12.0
# A child that lived this long was well: its next death is a new story, and the wait begins small again.
WELL_AFTER = 60.0
LONGEST_WAIT = 30.0
# A web server that dies so often before it ever answered is not going to.
TRIES_BEFORE_GIVING_UP = 3

Say = Callable[[str], object]


class CannotServe(Exception):
    """The server cannot be started; the message says why and what to do."""


@dataclass(slots=True)
class Child:
    """A process that is started again, after a growing wait, whenever it ends by itself."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, "WINNOW_SUPERVISED": "yes"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def tend(self, say: Say) -> None:
        """Notice a death, and start again when the wait is over."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.sweep()
            self.deaths = 1 if now - self.started_at > WELL_AFTER else self.deaths + 1
            wait = min(LONGEST_WAIT, 2.0 ** (self.deaths - 1))
            self.due_at = now + wait
            self.process = None
            say(f"The {self.name} ended with status {code}; started again in {wait:.0f} s.")
        if now >= self.due_at:
            self.start()

    def send(self, number: int) -> None:
        """To the child and to everything it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def sweep(self) -> None:
        """What a dead child left behind in its session must not hold the port."""
        self.send(signal.SIGKILL)


@dataclass(slots=True)
class Supervisor:
    """Run until stopped.

    ``ready`` is called once, when the web server first answers.
    """

    children: list[Child]
    say: Say
    answers: Callable[[], bool]
    ready: Callable[[], object]
    stopping: bool = field(default=False)

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            for child in self.children:
                child.start()
            self.wait_for_first_answer()
            while not self.stopping:
                for child in self.children:
                    child.tend(self.say)
                time.sleep(0.2)
        finally:
            self.end_all()

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def wait_for_first_answer(self) -> None:
        web = self.children[0]
        while not self.stopping:
            web.tend(self.say)
            if web.deaths >= TRIES_BEFORE_GIVING_UP:
                raise CannotServe("The web server ends as soon as it starts; its own words are above.")
            if self.answers():
                self.ready()
                return
            time.sleep(0.02)

    def end_all(self) -> None:
        for child in self.children:
            # The child's own process first: it ends its helpers in order.
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE
        for child in self.children:
            if child.process is not None:
                try:
                    child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.say(f"The {child.name} does not end; it is killed.")
                child.sweep()
                child.process.wait()


def refuse_taken_port(*, host: str, port: int) -> None:
    """Raise ``CannotServe`` where something listens already: the server's own words for it are no help."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as trouble:
            raise CannotServe(
                f"Port {port} on {host} cannot be used ({trouble.strerror}). "
                f"Another program has it: stop that one, or choose another port with PORT={port + 1}."
            ) from trouble


def answers(*, host: str, port: int, name: str) -> bool:
    """True when /healthz says 200. ``name`` is a host name that the site accepts."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared with, not bound to
    link = http.client.HTTPConnection(here, port, timeout=5)
    try:
        link.request("GET", "/healthz", headers={"Host": name})
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def web_child(*, host: str, port: int, threads: int) -> Child:
    command = [sys.executable, "-m", "workers.webserver", host, str(port), str(threads)]
    return Child("web server", command)


def worker_child() -> Child:
    return Child("worker", [sys.executable, str(ROOT / "manage.py"), "work"])
