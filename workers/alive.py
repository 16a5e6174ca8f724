"""Keep a job's lease while one long call works on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import OperationalError, connection

# A third of the shortest lease: two beats may be lost.
BEAT_SECONDS = 30.0
# A call that has not told anything for so long hangs, and is kept alive no longer.
LONGEST_SILENCE = 3600.0


@contextmanager
def kept_alive(
    progress: Callable[[int], None], *, every: float = BEAT_SECONDS
) -> Iterator[Callable[[int], None]]:
    """Tell ``progress`` again what it was told last, every so many seconds, until the block ends or says
    nothing for an hour.

    Yields the callable that the block shall tell instead. What a beat raised, as when the job was cancelled,
    is raised where the block tells next; else at its end.
    """
    done, told, ended = [0], [time.monotonic()], threading.Event()
    troubles: list[Exception] = []

    def tell(count: int) -> None:
        if troubles:
            raise troubles[0]
        done[0], told[0] = count, time.monotonic()
        progress(count)

    def beat() -> None:
        try:
            while not ended.wait(every) and time.monotonic() - told[0] < LONGEST_SILENCE:
                # Where the block itself holds the database, its work is a sign of life: this beat is lost.
                with suppress(OperationalError):
                    progress(done[0])
        except Exception as trouble:
            troubles.append(trouble)
        finally:
            connection.close()

    progress(0)
    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield tell
    finally:
        ended.set()
        beating.join()
    if troubles:
        raise troubles[0]
