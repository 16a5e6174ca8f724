"""Threads that write stand in line: nobody is passed by, nobody holds up those behind after an error."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from annotate.models import Item
from config.sqlite3.base import Line, line_of
from tests.factories import make_project
from tests.helpers import together

needs_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has queues of its own")


def test_they_get_it_in_the_order_in_which_they_came():
    line, came, waiting = Line(), [], []
    assert line.enter(1)
    for number in range(6):
        thread = threading.Thread(target=lambda n=number: (line.enter(9), came.append(n), line.leave()))
        thread.start()
        waiting.append(thread)
        while len(line._waiting) < number + 1:
            time.sleep(0.001)
    line.leave()
    for thread in waiting:
        thread.join()

    assert came == list(range(6))
    assert line.enter(0)


def test_who_gives_up_holds_nobody_up():
    line = Line()
    assert line.enter(1)
    assert not line.enter(0.01)
    line.leave()
    assert line.enter(0)


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_an_error_in_a_transaction_gives_the_place_back():
    for _again in range(3):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("INSERT INTO nowhere VALUES (1)")
    line = line_of(str(connection.settings_dict["NAME"]))

    assert line.enter(0)
    line.leave()


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_connection_closed_in_a_transaction_gives_the_place_back():
    def leave_open():
        from django.db import connection as mine

        mine.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        mine.close()

    assert together(leave_open, leave_open) == [None, None]
    with transaction.atomic():
        make_project()


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_who_waits_longer_than_allowed_is_told_so():
    line = line_of(str(connection.settings_dict["NAME"]))
    patience = connection.settings_dict["OPTIONS"]["timeout"]
    connection.settings_dict["OPTIONS"]["timeout"] = 0.05
    assert line.enter(1)
    try:
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            Item.objects.count()
    finally:
        line.leave()
        connection.settings_dict["OPTIONS"]["timeout"] = patience
