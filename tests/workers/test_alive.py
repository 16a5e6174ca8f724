from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError

from workers.alive import kept_alive

pytestmark = pytest.mark.django_db


def test_a_long_call_is_told_of_again_and_again_with_what_was_done_last():
    told, enough = [], threading.Event()

    def progress(done):
        told.append(done)
        if told.count(7) == 3:
            enough.set()

    with kept_alive(progress, every=0.01) as tell:
        tell(7)
        assert enough.wait(10)

    assert told[0] == 0
    assert set(told) == {0, 7}


def test_a_job_that_was_taken_away_ends_at_its_next_word():
    class Gone(Exception):
        pass

    beats = threading.Event()

    def progress(done):
        if threading.current_thread() is not threading.main_thread():
            beats.set()
            raise Gone

    def work():
        with kept_alive(progress, every=0.01) as tell:
            assert beats.wait(10)
            for count in range(10_000):
                time.sleep(0.001)
                tell(count)

    with pytest.raises(Gone):
        work()


def test_what_a_beat_met_is_raised_at_the_end_where_nothing_was_told():
    beats = threading.Event()

    def progress(done):
        if threading.current_thread() is not threading.main_thread():
            beats.set()
            raise ValueError("the lease is gone")

    with pytest.raises(ValueError, match="the lease is gone"), kept_alive(progress, every=0.01):
        assert beats.wait(10)


def test_a_beat_that_found_the_database_locked_is_lost_and_the_next_one_counts():
    told, enough = [], threading.Event()

    def progress(done):
        if threading.current_thread() is threading.main_thread():
            return
        told.append(done)
        if len(told) == 1:
            raise OperationalError("database is locked")
        enough.set()

    with kept_alive(progress, every=0.01):
        assert enough.wait(10)

    assert len(told) >= 2
