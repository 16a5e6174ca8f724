"""Winnow as its page drives it: sign in, take the first item, then let each submit bring the next."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.desk.campaign import PASSWORD, SLUG
from bench.desk.client import Client
from bench.desk.load import cpu_seconds
from bench.running import ROOT, surroundings, winnow

NUMBER = re.compile(r"\[(\d+)\]")
ACTION = re.compile(r'action="(/p/load/desk/(\d+)/submit/)"')
READ = re.compile(r"(/p/load/guidelines/\d+/read/)")
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
HIDDEN = ("lease_token", "digest", "submission_key")


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as the page has it."""

    number: int
    action: str
    assignment: str
    fields: dict[str, str]

    @classmethod
    def read(cls, page: str) -> Shown | None:
        action, number = ACTION.search(page), NUMBER.search(page)
        if action is None or number is None:
            return None
        fields = hidden(page)
        return cls(
            int(number.group(1)), action.group(1), action.group(2), {name: fields[name] for name in HIDDEN}
        )


@dataclass(slots=True)
class Annotator:
    """One person at the desk, with the item after the one shown fetched ahead.

    ``next`` costs requests only at the beginning: afterwards each submit brings the one after the next.
    """

    client: Client
    waiting: list[Shown] = field(default_factory=list)
    token: str = ""
    bytes_seen: list[int] = field(default_factory=list)

    @classmethod
    def arrive(cls, url: str, number: int) -> Annotator:
        client = Client(url)
        token = hidden(client.get("/login/").text)["csrfmiddlewaretoken"]
        form = {"csrfmiddlewaretoken": token, "username": f"annotator{number}", "password": PASSWORD}
        client.post("/login/", form)
        page = client.get(f"/p/{SLUG}/desk/")
        if page.status != 200:
            raise RuntimeError(f"annotator{number} could not sign in: {page.status}")
        client.headers = {"HX-Request": "true"}
        return cls(client, token=hidden(page.text)["csrfmiddlewaretoken"])

    def next(self) -> int | None:
        while len(self.waiting) < 2 and self._ask(f"/p/{SLUG}/desk/next/", {}, "next"):
            pass
        return self.waiting[0].number if self.waiting else None

    def submit(self, item: int) -> bool:
        shown = self.waiting.pop(0)
        verdict = "-2" if shown.number % 2 else "2"
        self._ask(shown.action, {**shown.fields, "answer_preference": verdict, "seconds": "3.1"}, "submit")
        return True

    def _ask(self, path: str, fields: dict[str, str], what: str) -> bool:
        """Send what the page sends, with the items it has before it; True when another one came."""
        form = [("csrfmiddlewaretoken", self.token), *fields.items()]
        form += [("besides", one.assignment) for one in self.waiting]
        reply = self.client.post(path, form)
        if reply.status not in (200, 204):
            raise RuntimeError(f"{what}: {reply.status}")
        # The guidelines come with the first item, and are read once.
        for address in READ.findall(reply.text):
            self.client.post(address, {"csrfmiddlewaretoken": self.token})
        came = Shown.read(reply.text)
        if came is not None:
            self.bytes_seen.append(len(reply.text))
            self.waiting.append(came)
        return came is not None


def hidden(page: str) -> dict[str, str]:
    return dict(FIELD.findall(page))


@dataclass(slots=True)
class Winnow:
    """A running server on a home with a campaign in it."""

    url: str
    pid: int
    home: Path
    database: str = ""

    def annotators(self, count: int) -> list[Annotator]:
        return [Annotator.arrive(self.url, number) for number in range(count)]

    def pids(self) -> list[int]:
        return [self.pid]

    def held(self) -> list[list[int]]:
        return list(json.loads(self.asked("count")))

    def asked(self, *words: str) -> str:
        """What a process of its own says of the campaign."""
        return campaign(self.home, *words, database=self.database)

    def add(self, begin: int, end: int) -> subprocess.Popen[str]:
        """Import more items in another process, as a worker does, while people label."""
        words = ("add", str(begin), str(end))
        return subprocess.Popen(**command(self.home, *words, database=self.database), text=True)


@contextmanager
def serving(home: Path, database: str = "") -> Iterator[Winnow]:
    with winnow(home, "--no-demo", database=database) as running:
        rest([running.pid])
        yield Winnow(running.url, running.pid, home, database)


def rest(pids: list[int], patience: float = 30.0) -> None:
    """Wait until the worker has imported what it needs: that belongs to starting, not to labelling."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = cpu_seconds(pids)
        time.sleep(1.0)
        if cpu_seconds(pids) - before < 0.05:
            return


def campaign(home: Path, *words: str, database: str = "") -> str:
    done = subprocess.run(**command(home, *words, database=database), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def command(home: Path, *words: str, database: str = "") -> dict[str, object]:
    return {
        "args": [sys.executable, "-m", "bench.desk.campaign", *words],
        "cwd": ROOT,
        "env": surroundings(home, database),
    }
