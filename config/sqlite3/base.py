"""SQLite as Django has it, with a queue in front of its write lock.

SQLite lets one write at a time, and who waits looks again every 100 ms: with many threads the late come
first, and somebody waits until "database is locked". Here the threads of a process stand in line, so that
each has to wait for those before it and for nobody else. Other processes still meet at SQLite's own lock.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Any

from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite
from django.db.utils import OperationalError

# sqlite3's own, where a project sets none.
PATIENCE = 5.0


class Line:
    """A lock whose waiters get it in the order in which they came."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def enter(self, patience: float) -> bool:
        """Wait for one's turn; False when it did not come in time."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(patience):
            return True
        with self._mutex:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
            return False

    def leave(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


_lines: dict[str, Line] = {}
_naming = threading.Lock()


def line_of(name: str) -> Line:
    with _naming:
        return _lines.setdefault(name, Line())


# Whoever holds a place in the parent will not leave it in the child.
os.register_at_fork(after_in_child=_lines.clear)


class DatabaseWrapper(SQLite):
    """A connection that stands in line before each transaction that will write."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_line: Line | None = None

    def _start_transaction_under_autocommit(self) -> None:
        line = line_of(str(self.settings_dict["NAME"]))
        if not line.enter(float(self.settings_dict["OPTIONS"].get("timeout", PATIENCE))):
            raise OperationalError("database is locked: others of this process write for too long")
        self._in_line = line
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._leave_line()
            raise

    def _leave_line(self) -> None:
        line, self._in_line = self._in_line, None
        if line is not None:
            line.leave()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]  # not in the stubs
        finally:
            self._leave_line()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._leave_line()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._leave_line()
