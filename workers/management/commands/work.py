from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from annotate.enums import JobQueue
from annotate.services.assignments import reclaim_lapsed
from annotate.services.beats import beat, leave
from annotate.services.drafts import forget_old_drafts
from annotate.services.submissions import forget_old_submissions
from curation.services.replaying import retrain_where_due
from workers.running import run_next
from workers.watch import HANGS_AFTER, guard_process

BEAT_EVERY = 4.0
SWEEP_EVERY = 20.0
# One thread each: what takes a second shall not wait behind a model that works for minutes.
LANES = ((JobQueue.CPU,), (JobQueue.GPU, JobQueue.JUDGE))


class Command(BaseCommand):
    help = "Do background work straight from the database: the laptop's worker, which needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default=",".join(JobQueue.values))
        parser.add_argument("--poll", type=float, default=0.5, help="Seconds between looks when idle.")
        parser.add_argument(
            "--hangs-after",
            type=float,
            default=HANGS_AFTER,
            help="Seconds without a sign of life after which a job hangs, and this worker ends itself.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}"
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        guard_process(hangs_after=options["hangs_after"])
        heart = threading.Thread(target=self.keep_beating, args=(name, options["queues"], stop), daemon=True)
        heart.start()
        asked = set(options["queues"].split(","))
        lanes = [queues for lane in LANES if (queues := [queue for queue in lane if queue in asked])]
        threads = [
            threading.Thread(target=self.work, args=(f"{name}-{queues[0]}", queues, options["poll"], stop))
            for queues in lanes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        heart.join(timeout=BEAT_EVERY + 1)
        leave(name=name)

    def keep_beating(self, name: str, queues: str, stop: threading.Event) -> None:
        """From a thread of its own: a worker deep in a model's forward pass is alive."""
        while not stop.is_set():
            try:
                beat(name=name, queues=queues)
            except OperationalError as trouble:
                self.stderr.write(f"no heartbeat: {trouble}")
                close_old_connections()
            stop.wait(BEAT_EVERY)

    def work(self, name: str, queues: list[str], poll: float, stop: threading.Event) -> None:
        swept = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() - swept > SWEEP_EVERY:
                    reclaim_lapsed()
                    forget_old_submissions(at=timezone.now())
                    forget_old_drafts(at=timezone.now())
                    retrain_where_due()
                    swept = time.monotonic()
                if run_next(holder=name, queues=queues) is None:
                    stop.wait(poll)
            except OperationalError as trouble:
                # A locked or restarting database is waited for; what was claimed comes back by its lease.
                self.stderr.write(f"database not ready: {trouble}")
                close_old_connections()
                stop.wait(2.0)
