"""The least that a Django labelling server can be, on the same server program and the same kind of database:
sessions, sign-in and CSRF, two tables, and two requests a label. What our stack cannot go past.

    python -m bench.desk.ceiling FILE PORT ITEMS PEOPLE      makes the tables and the items, then serves
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.desk.client import Client
from bench.running import ROOT, free_port

LEASE = 600.0
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536"


@dataclass(slots=True)
class Visitor:
    """One person: one request takes an item, another stores the label."""

    client: Client
    fused: bool
    ready: int | None = None

    def next(self) -> int | None:
        if self.ready is not None:
            item, self.ready = self.ready, None
            return item
        return json.loads(self.client.get("/next").text).get("id")

    def submit(self, item: int) -> bool:
        body = json.dumps({"id": item, "choice": "A"}).encode()
        reply = self.client.post_json("/step" if self.fused else "/submit", body)
        if reply.status != 200:
            raise RuntimeError(f"submit: {reply.status}")
        self.ready = json.loads(reply.text).get("id") if self.fused else None
        return True


@dataclass(slots=True)
class Ceiling:
    url: str
    pid: int

    def annotators(self, count: int, *, fused: bool = False) -> list[Visitor]:
        return [self._arrive(number, fused) for number in range(count)]

    def _arrive(self, number: int, fused: bool) -> Visitor:
        client = Client(self.url)
        client.get(f"/signin?number={number}")
        client.headers = {"X-CSRFToken": client.cookies["csrftoken"]}
        return Visitor(client, fused)

    def pids(self) -> list[int]:
        return [self.pid]


@contextmanager
def serving(folder: Path, *, items: int, people: int) -> Iterator[Ceiling]:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bench.desk.ceiling",
            str(folder / "ceiling.db"),
            str(port),
            str(items),
            str(people),
        ],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield Ceiling(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        try:
            if Client(url).get("/ping").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The ceiling did not start.")


def application() -> Any:
    """The whole program. Built in a function, because importing this module must not configure Django."""
    import django
    from django.conf import settings

    # The server's child comes with what its parent had set.
    if not settings.configured:
        settings.configure(
            SECRET_KEY="for measuring only",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="bench.desk.ceiling_views",
            LOGGING_CONFIG=None,
            USE_TZ=True,
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ],
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": os.environ["WINNOW_CEILING_FILE"],
                    "CONN_MAX_AGE": None,
                    "OPTIONS": {
                        "transaction_mode": "IMMEDIATE",
                        "timeout": 20,
                        "init_command": PRAGMAS,
                    },
                }
            },
        )
    django.setup()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def main() -> None:
    file, port, items, people = sys.argv[1:5]
    os.environ["WINNOW_CEILING_FILE"] = file
    application()
    from bench.desk.ceiling_views import prepare

    prepare(int(items), int(people))
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "bench.desk.ceiling:application",
        factory=True,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=1,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
