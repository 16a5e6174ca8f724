"""How many threads the matrix library may use.

Products of some hundred rows and columns are over before a second thread has woken up, and beside other work
threads that wait for each other stand still. On two idle cores the routing loop takes 1.3 s with one thread
and 1.8 s with two; on busy ones it is three times as fast with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_matrix_thread() -> Iterator[None]:
    """One BLAS thread inside; also a decorator.

    The limit is the whole process's. Where several threads are inside, the first sets it and lifts it again,
    and the others leave it alone, so that it cannot stay behind.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
