"""A worker whose job hangs ends itself, for a thread that does not come back cannot be stopped.

Its supervisor starts another, the job's lease runs out, and what hangs again and again is set aside like
whatever else takes its worker down.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from annotate.services.jobs import hand_back

log = logging.getLogger(__name__)

# Without a sign of life for so long a job hangs. Well above its lease: it may be late and still come back.
HANGS_AFTER = 600.0
LOOK_EVERY = 1.0
# "A temporary failure; try again", as sendmail's exit codes have it.
EX_TEMPFAIL = 75
# Of 1000: well before the web server and the database, which nobody can do without.
OOM_SCORE = "500"

_signs: dict[int, float] = {}


@contextmanager
def watched(job_id: int) -> Iterator[None]:
    """Watch this job until the block ends."""
    sign_of_life(job_id, begins=True)
    try:
        yield
    finally:
        _signs.pop(job_id, None)


def sign_of_life(job_id: int, *, begins: bool = False) -> None:
    if begins or job_id in _signs:
        _signs[job_id] = time.monotonic()


def guard_process(*, hangs_after: float = HANGS_AFTER) -> None:
    """For a worker's process, once, at its start: it ends itself where a job hangs, and where memory runs
    out the system ends it rather than its neighbours."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)
    threading.Thread(target=_watch, args=(hangs_after,), daemon=True, name="watch").start()


def _watch(hangs_after: float) -> None:
    while True:
        # Code that hangs without letting other threads run stops this one as well: then a timer of the
        # interpreter, which needs no thread of ours, ends the process.
        faulthandler.dump_traceback_later(hangs_after + LOOK_EVERY, exit=True)
        late = time.monotonic() - hangs_after
        hanging = [job_id for job_id, sign in list(_signs.items()) if sign < late]
        if hanging:
            _end(hanging)
        time.sleep(LOOK_EVERY)


def _end(hanging: list[int]) -> None:
    log.error("Jobs %s hang; this worker ends.", hanging)
    faulthandler.dump_traceback()
    # What else this process had in hand did nothing wrong. Where the hanging job holds the database, that
    # cannot be said, and costs the others an attempt.
    with suppress(Exception):
        hand_back(job_ids=[job_id for job_id in list(_signs) if job_id not in hanging])
    os._exit(EX_TEMPFAIL)
