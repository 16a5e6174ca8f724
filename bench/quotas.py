"""Annotators with two tabs each who answer, pass and walk away, through the real server: make bench-quotas

python -m bench.quotas [--runs 10] [--seconds 60] [--annotators 32] [--pause 2]
                       [--postgresql postgresql://postgres@127.0.0.1:5432/postgres]

Promise P3: no item over its quota, no pair of item and person twice, no reply of 5xx; what was answered with
200 is there at the end, and once everybody has gone on until nothing is left, every quota is filled. Prints
JSON with the time that a reply takes, whatever happens: a run that breaks or is ended says so in it. Ends
with 1 where a promise is broken. Without a pause every tab asks again at once, and times say how crowded it
is; with one they say what a person waits.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.databases import fresh_database
from bench.desk.campaign import SLUG
from bench.desk.load import spread
from bench.desk.ours import Annotator, Shown, Winnow, campaign, serving

OVERLAP, TABS, ITEMS = 3, 2, 900
# How long everybody may go on after the time to fill what is left, in seconds.
FILLING = 300.0
SKIPS, LEAVES, DOUBLES = 0.06, 0.10, 0.05
CALM = 0.5  # the dice of whoever neither leaves nor skips nor clicks twice


@dataclass(slots=True)
class Seen:
    """What one tab sent and got: acknowledged answers as (item, person), statuses, seconds."""

    stored: list[tuple[int, int]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    next_s: list[float] = field(default_factory=list)
    submit_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Tab:
    """One window of one person; it does not know what the other has before it."""

    who: int
    desk: Annotator
    chance: random.Random
    pause: float = 0.0
    seen: Seen = field(default_factory=Seen)

    def work(self, end: float) -> None:
        """A day with its accidents."""
        shown: Shown | None = None
        while time.perf_counter() < end:
            # Before the first act too: people do not all arrive in the same instant.
            if self.pause:
                time.sleep(self.chance.expovariate(1 / self.pause))
            shown = self._safely(shown, self.chance.random())

    def fill(self, end: float) -> None:
        """Only answers, until there is nothing for this person."""
        shown, found = None, True
        while (shown or found) and time.perf_counter() < end:
            found = shown is None
            shown = self._safely(shown, CALM)
            found = found and shown is not None

    def _safely(self, shown: Shown | None, dice: float) -> Shown | None:
        try:
            return self._step(shown, dice)
        except Exception as trouble:  # whatever it is, the day goes on and it is counted
            self.seen.troubles.append(f"{type(trouble).__name__}: {trouble}"[:160])
            return None

    def _step(self, shown: Shown | None, dice: float) -> Shown | None:
        """Look for an item, or do something with the one there is; what comes next where the reply has it."""
        if shown is None:
            found = self._ask(f"/p/{SLUG}/desk/next/", {}, self.seen.next_s)
            if found is None:
                time.sleep(0.02)
            return found
        if dice < LEAVES:
            return None
        if dice < LEAVES + SKIPS:
            skipped = {"lease_token": shown.fields["lease_token"], "reason": "unsure"}
            return self._ask(shown.action.replace("/submit/", "/skip/"), skipped, [])
        fields = {**shown.fields, "answer_preference": self.chance.choice(["-2", "1", "3"]), "seconds": "3.1"}
        ahead = self._ask(shown.action, fields, self.seen.submit_s, answers=shown.number)
        if dice > 1 - DOUBLES:
            # The same click again, as an impatient hand sends it.
            self._ask(shown.action, fields, [], answers=shown.number)
        return ahead

    def _ask(
        self, path: str, fields: dict[str, str], times: list[float], *, answers: int | None = None
    ) -> Shown | None:
        form = [("csrfmiddlewaretoken", self.desk.token), *fields.items()]
        began = time.perf_counter()
        reply = self.desk.client.post(path, form)
        times.append(time.perf_counter() - began)
        self.seen.statuses[reply.status] += 1
        if reply.status not in (200, 204):
            return None
        if answers is not None:
            self.seen.stored.append((answers, self.who))
        return Shown.read(reply.text)


def run(
    *,
    seconds: float,
    annotators: int,
    items: int = ITEMS,
    seed: int = 0,
    pause: float = 0.0,
    server: str = "",
) -> dict[str, object]:
    """One day of work on a fresh home, on SQLite or a PostgreSQL server; what was promised and what was
    kept."""
    with tempfile.TemporaryDirectory(prefix="winnow-quotas-") as scratch, fresh_database(server) as database:
        home = Path(scratch) / "home"
        campaign(home, "make", "0", str(items), str(annotators), str(OVERLAP), database=database)
        with serving(home, database) as running:
            tabs = [
                Tab(who, Annotator.arrive(running.url, who), random.Random(f"{seed}:{who}:{tab}"), pause)
                for who in range(annotators)
                for tab in range(TABS)
            ]
            hung = everybody([tab.work for tab in tabs], seconds)
            times = waits(tabs)
            hung += everybody([tab.fill for tab in tabs], FILLING)
            return _judge(running, items, tabs, hung) | times


def everybody(acts: Sequence[Callable[[float], None]], seconds: float) -> int:
    """All at once until the time is over; how many had not ended two minutes later."""
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=act, args=(end,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end + 120 - time.perf_counter()))
    return sum(thread.is_alive() for thread in threads)


def waits(tabs: Sequence[Tab]) -> dict[str, object]:
    return {
        "next_ms": spread([one for tab in tabs for one in tab.seen.next_s]),
        "submit_ms": spread([one for tab in tabs for one in tab.seen.submit_s]),
    }


def _judge(running: Winnow, items: int, tabs: list[Tab], hung: int) -> dict[str, object]:
    held = Counter((item, who) for item, who in running.held())
    people = Counter(item for item, _who in held)
    acknowledged = {pair for tab in tabs for pair in tab.seen.stored}
    statuses: Counter[int] = sum((tab.seen.statuses for tab in tabs), Counter())
    troubles = Counter(trouble for tab in tabs for trouble in tab.seen.troubles)
    return {
        "judgments": sum(held.values()),
        "twice": sum(count > 1 for count in held.values()),
        "over_quota": sum(count > OVERLAP for count in people.values()),
        "unfilled": items - sum(count >= OVERLAP for count in people.values()),
        "seats_wrong": int(running.asked("overshot")),
        "lost": len(acknowledged - set(held)),
        "server_errors": sum(count for status, count in statuses.items() if status >= 500),
        "hung": hung,
        "troubles": dict(troubles.most_common(3)),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
    }


NEVER = ("twice", "over_quota", "unfilled", "seats_wrong", "lost", "server_errors", "hung")


class Ended(BaseException):
    """Somebody ended this program; not for the handlers of what goes wrong inside a run."""


def end(number: int, _frame: object) -> None:
    """A signal that would end the program without a word becomes an exception that has one."""
    raise Ended(f"ended by {signal.Signals(number).name}")


def kept(found: dict[str, object]) -> bool:
    return "error" not in found and not any(found[name] for name in NEVER) and not found["troubles"]


def run_all(options: argparse.Namespace) -> list[dict[str, object]]:
    """Every run, one after another; one that breaks is told by its error, and the last where it was ended."""
    runs: list[dict[str, object]] = []
    seeds = range(options.seed, options.seed + options.runs)
    try:
        for seed in seeds:
            print(f"run {len(runs) + 1} of {options.runs}, seed {seed}", file=sys.stderr, flush=True)
            runs.append(run_told(seed, options))
            print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
    except (Ended, KeyboardInterrupt) as why:
        runs.append({"error": f"{type(why).__name__}: {why}", "seed": seeds[min(len(runs), len(seeds) - 1)]})
    return runs


def run_told(seed: int, options: argparse.Namespace) -> dict[str, object]:
    try:
        return run(
            seconds=options.seconds,
            annotators=options.annotators,
            seed=seed,
            pause=options.pause,
            server=options.postgresql,
        )
    except Exception as trouble:  # whatever it is, the next run goes on and this one says it
        return {"error": f"{type(trouble).__name__}: {trouble}", "seed": seed}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--annotators", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--pause", type=float, default=0.0, help="seconds between two acts of a tab, on average"
    )
    parser.add_argument("--postgresql", default="", help="a server where databases may be made")
    options = parser.parse_args()
    faulthandler.enable()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    runs = run_all(options)
    database = "postgresql" if options.postgresql else "sqlite"
    totals = {name: sum(int(str(one.get(name, 0))) for one in runs) for name in ("judgments", *NEVER)}
    print(
        json.dumps(
            {
                "bench": "quotas",
                "database": database,
                "runs": runs,
                "totals": totals,
                "holds": all(map(kept, runs)),
            }
        ),
        flush=True,
    )
    sys.exit(0 if all(map(kept, runs)) else 1)


if __name__ == "__main__":
    main()
