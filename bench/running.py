"""Start the real program in an empty home, for measurements, pictures and tests in a browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Running:
    """``seconds``: from the command to the first answer."""

    url: str
    password: str
    home: Path
    seconds: float
    pid: int


def surroundings(home: Path, database: str = "") -> dict[str, str]:
    """The environment of a process that works on this home, whatever this one's own says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINNOW_")}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        kept.pop(name, None)
    if database:
        kept |= {"DATABASE_URL": database, "WINNOW_MODE": "laptop"}
    return kept | {"WINNOW_HOME": str(home)}


@contextmanager
def winnow(home: Path | None = None, *options: str, database: str = "") -> Iterator[Running]:
    """``manage.py serve`` on a free port; ended when the block ends. Without a database it is on SQLite."""
    with tempfile.TemporaryDirectory(prefix="winnow-run-") as scratch:
        place = home or Path(scratch) / "home"
        port = free_port()
        models = os.environ.get("WINNOW_MODELS") or str(ROOT / "var" / "models")
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *options],
            cwd=ROOT,
            env=surroundings(place, database) | {"WINNOW_MODELS": models, "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        words = _listen(process)
        try:
            said = _wait(words, process, began)
            found = re.search(r"Password:\s+(\S+)", said)
            url = f"http://127.0.0.1:{port}"
            yield Running(url, found.group(1) if found else "", place, time.monotonic() - began, process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listen(process: subprocess.Popen[str]) -> list[str]:
    """Collect what the program says in a thread: a pipe that nobody reads would stop it."""
    words: list[str] = []

    def read() -> None:
        try:
            words.extend(iter(process.stdout.readline, ""))
        except ValueError:
            return

    threading.Thread(target=read, daemon=True).start()
    return words


def _wait(words: list[str], process: subprocess.Popen[str], began: float) -> str:
    """Until the address is printed; raises RuntimeError with all that was said when it is not."""
    while time.monotonic() - began < PATIENCE:
        said = "".join(words)
        if "Winnow is at" in said:
            return said
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{''.join(words)}")
