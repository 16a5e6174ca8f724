from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.models import Job
from annotate.selectors.pace import Pace, pace_of
from annotate.services.jobs import enqueue_job
from annotate.templatetags.pace import in_words, pace
from tests.factories import make_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(project):
    units = [item.pk for item in make_items(project, 20)]
    return enqueue_job(
        kind="score", project=project, payload={"scorer": "length"}, units=units, chunk_size=10
    )


def begin(job, place, *, done, minutes_ago):
    chunk = job.chunks.order_by("pk")[place]
    began = timezone.now() - timedelta(minutes=minutes_ago)
    Job.objects.filter(pk=chunk.pk).update(state="running", done=done, started_at=began)


def test_what_is_done_inside_a_running_piece_counts(job):
    begin(job, 0, done=5, minutes_ago=1)

    found = pace_of(job, at=timezone.now())

    assert (found.done, round(found.per_minute), found.left) == (5, 5, timedelta(minutes=3))


def test_nothing_is_said_before_anything_is_done(job):
    assert pace_of(job, at=timezone.now()) == Pace(0)
    begin(job, 0, done=0, minutes_ago=1)
    assert pace(job) == {"done": 0, "words": ""}


def test_a_piece_of_last_night_says_nothing_about_now(job):
    begin(job, 0, done=10, minutes_ago=600)
    begin(job, 1, done=2, minutes_ago=2)

    found = pace_of(job, at=timezone.now())

    assert (found.done, round(found.per_minute)) == (12, 1)
    assert pace(job)["words"] == "1.0 a minute, about 8 min left"


def test_an_ended_job_has_no_pace(job):
    Job.objects.filter(pk=job.pk).update(state="done", done=20)
    job.refresh_from_db()

    assert pace_of(job, at=timezone.now()) == Pace(20)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=5), "less than a minute"),
        (timedelta(minutes=90), "about 90 min"),
        (timedelta(hours=5, minutes=10), "about 5 h"),
    ],
)
def test_the_time_left_is_said_to_the_precision_of_a_guess(left, words):
    assert in_words(left) == words
