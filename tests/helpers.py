"""Time that passes, threads that start together, and the invariants that hold afterwards."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connection, connections
from django.db.models import Count, Q
from django.db.models.functions import Now

SEATED = Q(assignments__seated=True, assignments__state__in=("leased", "done"))


def on_postgresql():
    return connection.vendor == "postgresql"


def lapse(queryset):
    """Let the leases of these rows have run out a second ago, by the database's clock."""
    from annotate.services.clock import database_now_plus

    return queryset.update(leased_until=database_now_plus(timedelta(seconds=-1)))


def database_now():
    from annotate.models import Project

    return Project.objects.values_list(Now(), flat=True)[0]


def together(*calls):
    """Run the calls in threads that start at once; returns what each returned or raised, in order."""
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(place, call):
        try:
            barrier.wait(timeout=30)
            results[place] = call()
        except BaseException as trouble:
            results[place] = trouble
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "a thread hangs"
    return results


def assert_seats_add_up(project):
    """Every item's kept counter is what its assignments say, and no item has more than it wants."""
    from annotate.models import Item

    wrong = [
        (item.pk, item.seats_taken, item.seated, item.seats_wanted)
        for item in Item.objects.filter(project=project).annotate(seated=Count("assignments", filter=SEATED))
        if item.seats_taken != item.seated or item.seats_taken > item.seats_wanted
    ]
    assert wrong == []


def assert_judgments_add_up(project):
    """A finished assignment has one judgment that counts, an open or given-up one has none."""
    from annotate.models import Assignment

    found = Assignment.objects.filter(item__project=project).annotate(
        current=Count("judgments", filter=Q(judgments__state="current")),
        unparseable=Count("judgments", filter=Q(judgments__state="unparseable")),
    )
    wrong = [
        (one.pk, one.state, one.current)
        for one in found
        if (one.state == "done" and one.current + bool(one.unparseable) < 1)
        or (one.state != "done" and one.current)
        or one.current > 1
    ]
    assert wrong == []
