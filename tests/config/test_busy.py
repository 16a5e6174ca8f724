"""Another process holds the database's lock: writes are told to come back, and then go through."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from annotate.models import Judgment, Project
from annotate.selectors.desk import desk_item
from annotate.services.assignments import take_next
from annotate.services.judges import judge_of
from config.busy import will_pass
from tests.factories import make_item, make_project
from tests.helpers import on_postgresql

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database_bound]

HOLDERS = {
    "sqlite": (
        "import sqlite3, sys; holder = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "holder.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    ),
    # Reading goes on beside this lock, as it does on SQLite.
    "postgresql": (
        "import psycopg, sys; holder = psycopg.connect(sys.argv[1]);"
        "holder.execute('LOCK TABLE annotate_assignment, annotate_submission IN EXCLUSIVE MODE');"
        "print('held', flush=True); sys.stdin.read()"
    ),
}


def where():
    named = connection.settings_dict
    if not on_postgresql():
        return str(named["NAME"])
    parts = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return " ".join(f"{name}='{named[ours]}'" for name, ours in parts.items() if named[ours])


@contextmanager
def held_elsewhere():
    """A second process that keeps everybody else from writing; this connection waits for a tenth of a
    second."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDERS[connection.vendor], where()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        connection.cursor().execute(
            "SET lock_timeout = '100ms'" if on_postgresql() else "PRAGMA busy_timeout = 100"
        )
        yield
    finally:
        holder.communicate()
        connection.close()


@pytest.fixture
def browser(annotator):
    client = Client(raise_request_exception=False)
    client.force_login(annotator)
    return client


@pytest.fixture
def lease(project, annotator):
    make_item(project, seats=2)
    return take_next(project=project, judge=judge_of(project=project, user=annotator))


def form(lease):
    return {
        "lease_token": str(lease.lease_token),
        "submission_key": str(uuid.uuid4()),
        "digest": desk_item(assignment=lease, fields={}).digest,
        "seconds": "3",
        "answer_preference": "1",
    }


def assert_told(reply, *words):
    assert (reply.status_code, reply["Retry-After"]) == (503, "5")
    for word in words:
        assert word in reply.content.decode()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_an_answer_waits_for_the_lock_and_is_stored_once(browser, lease, headers):
    address = reverse("submit_verdict", args=[lease.item.project.slug, lease.pk])
    sent = form(lease)

    with held_elsewhere():
        assert_told(browser.post(address, sent, headers=headers), "not stored", "send it again")
        assert Judgment.objects.count() == 0
    replies = [browser.post(address, sent, headers=headers) for _again in range(2)]

    assert {reply.status_code for reply in replies} == ({200} if headers else {302})
    assert Judgment.objects.count() == 1


def test_the_api_says_so_in_json(browser, lease):
    address = f"/api/projects/{lease.item.project.slug}/assignments/{lease.pk}/judgment/"
    sent = {"lease_token": str(lease.lease_token), "key": str(uuid.uuid4()), "answers": {"preference": 1}}

    with held_elsewhere():
        told = browser.put(address, sent, content_type="application/json")
    taken = browser.put(address, sent, content_type="application/json")

    assert_told(told)
    assert told.json()["error"] == "busy"
    assert told.json()["message"]
    assert told.json()["cure"]
    assert (taken.status_code, Judgment.objects.count()) == (200, 1)


def test_what_only_reads_goes_on(browser, lease):
    with held_elsewhere():
        desk = browser.get(reverse("show_desk", args=[lease.item.project.slug]))

    assert (desk.status_code, b"first response" in desk.content) == (200, True)


def test_it_is_said_in_the_readers_language(browser, lease):
    browser.post(reverse("set_language"), {"language": "de"})

    with held_elsewhere():
        told = browser.post(
            reverse("skip_item", args=[lease.item.project.slug, lease.pk]), {"lease_token": lease.lease_token}
        )

    assert_told(told, '<html lang="de">', "Einen Augenblick", "noch einmal")


def test_a_wrong_statement_is_no_passing_trouble(project):
    with pytest.raises(DatabaseError) as wrong:
        connection.cursor().execute("SELECT nothing FROM nowhere")

    assert not will_pass(wrong.value)
    assert not will_pass(ValueError("anything else"))


def test_a_statement_that_takes_too_long_will_pass():
    if not on_postgresql():
        pytest.skip("SQLite bounds the wait for a lock only")
    with pytest.raises(OperationalError) as late, transaction.atomic():
        connection.cursor().execute("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)")

    assert will_pass(late.value)


def test_a_deadlock_will_pass():
    if not on_postgresql():
        pytest.skip("SQLite has one lock")
    mine, theirs = make_project(), make_project()
    holds_theirs = threading.Event()
    troubles = []

    def other():
        from django.db import connection as another

        with transaction.atomic():
            Project.objects.filter(pk=theirs.pk).update(name="theirs")
            holds_theirs.set()
            try:
                Project.objects.filter(pk=mine.pk).update(name="theirs")
            except OperationalError as trouble:
                troubles.append(trouble)
                transaction.set_rollback(True)
        another.close()

    thread = threading.Thread(target=other)
    try:
        with transaction.atomic():
            Project.objects.filter(pk=mine.pk).update(name="mine")
            thread.start()
            assert holds_theirs.wait(10)
            Project.objects.filter(pk=theirs.pk).update(name="mine")
    except OperationalError as trouble:
        troubles.append(trouble)
    thread.join(30)

    assert [will_pass(one) for one in troubles] == [True]
