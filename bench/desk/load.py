"""N annotators at once, without a pause: what they got, what was stored, how long each step took."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

# Twenty empty answers in a row end an annotator's day.
PATIENCE = 20


class Session(Protocol):
    """One annotator at one system. An item is named by its number in the data."""

    def next(self) -> int | None: ...

    def submit(self, item: int) -> bool: ...


@dataclass(slots=True)
class Tally:
    """What all annotators of one loop saw."""

    served: list[tuple[int, int]] = field(default_factory=list)
    stored: list[tuple[int, int]] = field(default_factory=list)
    next_s: list[float] = field(default_factory=list)
    submit_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("served", "stored", "next_s", "submit_s", "errors", "ended"):
            getattr(self, name).extend(getattr(other, name))


def run_loop(
    sessions: Sequence[Session], *, seconds: float, pids: Callable[[], list[int]]
) -> dict[str, object]:
    """Let every session label until the time is up; one dictionary of figures, ``stored`` among them."""
    whole, lock, begin = Tally(), threading.Lock(), threading.Event()

    def work(who: int, session: Session) -> None:
        begin.wait()
        mine = label_until(session, who, time.perf_counter() + seconds)
        with lock:
            whole.add(mine)

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(sessions)]
    for thread in threads:
        thread.start()
    cpu, began = cpu_seconds(pids()), time.perf_counter()
    begin.set()
    for thread in threads:
        thread.join(seconds + 120)
    wall = (max(whole.ended) if whole.ended else time.perf_counter()) - began
    return figures(whole, wall=wall, cpu=cpu_seconds(pids()) - cpu)


def label_until(session: Session, who: int, end: float) -> Tally:
    mine, misses = Tally(), 0
    while time.perf_counter() < end and misses < PATIENCE:
        began = time.perf_counter()
        try:
            item = session.next()
            middle = time.perf_counter()
            if item is None:
                misses += 1
                time.sleep(0.05)
                continue
            mine.next_s.append(middle - began)
            mine.served.append((item, who))
            kept = session.submit(item)
            done = time.perf_counter()
        except Exception as trouble:  # whatever it is, the day goes on and it is counted
            mine.errors.append(f"{type(trouble).__name__}: {trouble}"[:160])
            misses += 1
            continue
        misses = 0
        mine.submit_s.append(done - middle)
        if kept:
            mine.stored.append((item, who))
            mine.ended.append(done)
        else:
            mine.errors.append("refused")
    return mine


def figures(tally: Tally, *, wall: float, cpu: float) -> dict[str, object]:
    first: dict[int, int] = {}
    twice = sum(1 for item, who in tally.served if first.setdefault(item, who) != who)
    labels = len(tally.stored)
    cycle = [one + two for one, two in zip(tally.next_s, tally.submit_s, strict=False)]
    return {
        "labels": labels,
        "useful_per_s": round(len({item for item, _ in tally.stored}) / max(wall, 1e-9), 2),
        "next_ms": spread(tally.next_s),
        "submit_ms": spread(tally.submit_s),
        "label_ms": spread(cycle),
        "server_cpu_ms_per_label": round(1000 * cpu / max(1, labels), 3),
        "given_twice": twice,
        "errors": len(tally.errors),
        "error_kinds": dict(Counter(tally.errors).most_common(3)),
        "stored": tally.stored,
    }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(1000 * one for one in seconds)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "max": round(ordered[-1], 2),
    }


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time of these processes and their children, ended ones included (Linux)."""
    ticks = 0
    for pid in _tree(pids):
        try:
            with open(f"/proc/{pid}/stat") as file:
                ticks += sum(int(one) for one in file.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pids: Sequence[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.append(pid)
            waiting += children.get(pid, [])
    return found
