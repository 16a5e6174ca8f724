"""A child ends when its parent does, however the parent ended. Imports nothing but the standard library."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK_EVERY = 1.0


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have ``number`` sent to this process when its parent is gone.

    Linux does it itself. Elsewhere a thread looks at the parent's id, which changes when the parent dies; it
    runs on
    Linux too, for the kernel's signal follows the parent *thread* and is lost where that one had ended
    before.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="lifeline").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    # A server that does not heed the first call within ten seconds is hanging.
    time.sleep(10.0)
    os.kill(os.getpid(), signal.SIGKILL)
