from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from curation.numerics.threads import one_matrix_thread

np.linalg.eigvalsh(np.eye(2))


def most_threads():
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(limits=2, user_api="blas"):
        yield


def test_one_thread_inside_and_as_many_as_before_afterwards():
    with one_matrix_thread():
        with one_matrix_thread():
            inmost = most_threads()
        inside = most_threads()

    assert (inmost, inside, most_threads()) == (1, 1, 2)


def test_the_limit_is_lifted_when_something_fails():
    with pytest.raises(ZeroDivisionError), one_matrix_thread():
        _ = 1 / 0

    assert most_threads() == 2


def test_no_limit_stays_behind_when_two_threads_overlap():
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with one_matrix_thread():
            entered.set()
            leave.wait(5)

    other = threading.Thread(target=stay)
    with one_matrix_thread():
        other.start()
        assert entered.wait(5)
        both = most_threads()
    leave.set()
    other.join()

    assert (both, most_threads()) == (1, 2)
