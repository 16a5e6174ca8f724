from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from annotate.errors import InvalidSetting
from annotate.models import Candidate, Job
from annotate.services.jobs import RUN_JOB_TASK, cancel_job, enqueue_job
from curation.models import Score
from curation.services.scoring import score_items
from tests.factories import make_item, make_items, make_project
from tests.helpers import database_now, lapse
from workers.handlers import HANDLERS
from workers.running import run_next, work_off

pytestmark = pytest.mark.django_db
GENERATOR = {"k": 2, "temperature": 0.7, "top_p": 0.9, "seed": 3, "max_new_tokens": 20, "model": "a-model"}


class Endpoint:
    """A chat endpoint on loopback that answers from a script of statuses, the last one for ever."""

    def __init__(self, *statuses, after=None):
        endpoint = self
        self.statuses, self.asked, self.after = list(statuses), [], after

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append(body)
                status = endpoint.statuses.pop(0) if len(endpoint.statuses) > 1 else endpoint.statuses[0]
                reply = {
                    "model": "a-model",
                    "choices": [
                        {
                            "message": {"role": "assistant", "content": f"answer {body.get('seed')}"},
                            "finish_reason": "stop",
                        }
                    ],
                    "usage": {"completion_tokens": 2},
                }
                sent = json.dumps(reply if status == 200 else {"error": "no"}).encode()
                self.send_response(status)
                if endpoint.after is not None:
                    self.send_header("Retry-After", str(endpoint.after))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *trouble):
        self.server.shutdown()
        self.server.server_close()


def ask_to_generate(project, items, url):
    return enqueue_job(
        kind="generate",
        project=project,
        queue="judge",
        payload={"generator": GENERATOR | {"url": url}},
        units=[item.pk for item in items],
        chunk_size=4,
    )


def run_one():
    return run_next(holder="a worker", queues=("cpu", "gpu", "judge"))


def test_a_scoring_job_runs_to_its_end():
    project = make_project()
    make_item(project, texts=("one two three", "one"))
    job = score_items(project=project, scorer="length")

    assert work_off() == 1

    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 1)
    assert Score.objects.get().value == -2.0


def test_a_job_delivered_twice_is_run_once():
    project = make_project()
    make_items(project, 3)
    chunk = score_items(project=project, scorer="length").chunks.get()
    ran = [run_next(holder="a worker", queues=["cpu"], job_id=chunk.pk) for _ in range(3)]

    assert [job is not None for job in ran] == [True, False, False]
    assert Score.objects.count() == 3


def test_a_chunk_that_was_half_done_ends_with_the_same_scores():
    project = make_project()
    make_items(project, 12)
    chunk = score_items(project=project, scorer="edit").chunks.get()
    run_one()
    before = list(Score.objects.order_by("pk").values())
    Score.objects.filter(pk__gt=before[7]["id"]).delete()
    Job.objects.filter(pk=chunk.pk).update(state="waiting")

    run_one()

    told = ("item_id", "value", "subject_hash")
    assert list(Score.objects.order_by("item_id").values(*told)) == [
        {name: row[name] for name in told} for row in before
    ]


def test_an_endpoint_that_is_busy_puts_the_work_off_and_holds_up_nothing_else():
    project = make_project()
    item = make_item(project, texts=())
    make_item(project)
    with Endpoint(503, 200, after=7) as endpoint:
        job = ask_to_generate(project, [item], endpoint.url)
        scoring = score_items(project=project, scorer="length")
        run_one()
        run_one()

        chunk = job.chunks.get()
        assert (chunk.state, chunk.attempts, chunk.payload["tries"]) == ("waiting", 0, 1)
        assert timedelta(seconds=4) < chunk.due_at - database_now() <= timedelta(seconds=10.5)
        scoring.refresh_from_db()
        assert scoring.state == "done"

        Job.objects.filter(pk=chunk.pk).update(due_at=database_now())
        run_one()

    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 1)
    assert item.candidates.count() == 2


def test_an_endpoint_that_stays_away_fails_the_job_in_the_end():
    project = make_project()
    item = make_item(project, texts=())
    with Endpoint(503, after=0) as endpoint:
        job = ask_to_generate(project, [item], endpoint.url)
        ran = 0
        while run_one() is not None:
            ran += 1

    job.refresh_from_db()
    assert (ran, job.state) == (6, "failed")
    assert len(endpoint.asked) == 6


def test_what_an_endpoint_made_is_made_once():
    project = make_project()
    items = make_items(project, 3, texts=())
    with Endpoint(200) as endpoint:
        job = ask_to_generate(project, items, endpoint.url)
        chunk = job.chunks.get()
        run_one()
        Job.objects.filter(pk=chunk.pk).update(state="waiting")
        run_one()

    assert Candidate.objects.filter(item__project=project).count() == 6
    assert len(endpoint.asked) == 6
    assert len({body["seed"] for body in endpoint.asked}) == 6


def test_asking_for_more_candidates_later_gives_new_ones():
    project = make_project()
    item = make_item(project, texts=())
    with Endpoint(200) as endpoint:
        for k in (2, 4):
            payload = {"generator": GENERATOR | {"url": endpoint.url, "k": k}}
            enqueue_job(
                kind="generate",
                project=project,
                queue="judge",
                payload=payload,
                units=[item.pk],
                chunk_size=1,
            )
            run_one()

    texts = list(item.candidates.order_by("position").values_list("text", flat=True))
    assert len(texts) == len(set(texts)) == 4


def test_a_fault_of_the_handler_is_told_and_tried_three_times(monkeypatch):
    project = make_project()
    job = enqueue_job(kind="score", project=project, payload={"scorer": "no such scorer", "units": []})
    monkeypatch.setattr("workers.running.FAULT_WAIT", timedelta(seconds=-1))
    ran = 0
    while run_one() is not None:
        ran += 1

    job.refresh_from_db()
    assert (ran, job.state, job.attempts) == (3, "failed", 3)
    assert job.error == "ValueError: 'no such scorer' is not a valid Scorer"


def test_a_cancelled_job_leaves_no_result(monkeypatch):
    project = make_project()
    make_items(project, 20)
    job = score_items(project=project, scorer="length")

    def cancel_midway(job, progress):
        cancel_job(job=Job.objects.get(pk=job.parent_id))
        progress(1)
        return {"scores": 20}

    monkeypatch.setitem(HANDLERS, "score", cancel_midway)
    run_one()

    chunk = job.chunks.get()
    assert (chunk.state, chunk.result) == ("cancelled", {})


def test_a_worker_that_lost_its_lease_ends_without_harm(monkeypatch):
    project = make_project()
    make_items(project, 2)
    score_items(project=project, scorer="length")

    score = HANDLERS["score"]

    def lose_the_lease(job, progress):
        monkeypatch.setitem(HANDLERS, "score", score)
        lapse(Job.objects.filter(pk=job.pk))
        run_next(holder="another worker", queues=["cpu"])
        return score(job, progress)

    monkeypatch.setitem(HANDLERS, "score", lose_the_lease)
    run_one()

    chunk = Job.objects.exclude(parent=None).get()
    assert (chunk.state, chunk.holder, chunk.attempts) == ("done", "another worker", 2)
    assert Score.objects.count() == 2


def test_a_pair_that_stands_in_two_items_is_scored_in_both():
    project = make_project()
    make_item(project, prompt="the same", texts=("a b", "c"))
    make_item(project, prompt="the same", texts=("a b", "c"))
    score_items(project=project, scorer="length")
    work_off()

    assert list(Score.objects.values_list("value", flat=True)) == [-1.0, -1.0]


def test_an_unknown_scorer_is_refused():
    with pytest.raises(InvalidSetting):
        score_items(project=make_project(), scorer="luck")


def test_the_web_names_the_task_that_celery_registered():
    from workers.celery import app
    from workers.tasks import run_job

    assert run_job.name == RUN_JOB_TASK
    assert app.conf.task_acks_late
