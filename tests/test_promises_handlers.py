"""Promises that hold for every kind of background work: killed at any statement it ends as if undisturbed
(P13), what always kills its worker is set aside (P15), and what is delivered three times is done once (P16).

A kill is simulated at a statement of the database: the exception passes through everything, as little of the
worker's own clearing up runs as after SIGKILL, and what was not committed is rolled back. The real kills of
processes are in ``workers/test_kill.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction

from annotate.enums import ImportMode, JobKind
from annotate.models import Candidate, ImportRun, Item, Job, JudgeCall, Judgment
from annotate.services.importing import enqueue_import
from annotate.services.jobs import enqueue_job
from annotate.services.uploads import keep_upload
from curation.models import (
    Estimate,
    InjectionTrial,
    LatestScore,
    Policy,
    Release,
    ReleaseRow,
    Route,
    Score,
    ScoreList,
)
from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_judge, save_judge
from curation.services.mixture_jobs import ask_for_mixtures
from curation.services.recipes import save_recipe
from curation.services.releasing import ask_to_freeze
from curation.services.replaying import ask_for_replay, ask_to_recheck, ask_to_route
from curation.services.routing import make_policy, route_items
from curation.services.score_tables import ask_to_keep_scores
from curation.services.scoring import score_items
from curation.services.settling import ask_to_settle, settle_items
from curation.services.steering import try_injections
from tests.curation.test_learned_routing import tagged_project
from tests.factories import item_line, make_item, make_judge, make_judgment, make_project
from tests.helpers import lapse
from tests.workers.hostile_endpoint import HostileEndpoint
from tests.workers.runtime.conftest import save_tiny_model
from tests.workers.test_judging import prefers_good
from workers.handlers import HANDLERS
from workers.running import run_next, work_off

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(300),
    pytest.mark.database_bound,
    # A process that is killed closes nothing, and PostgreSQL forgets its cursors with its connection. This
    # one lives on: a cursor that was being declared at the kill is found open by the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:(?s).*ServerCursorMixin.__del__:pytest.PytestUnraisableExceptionWarning",
    ),
]

KILLS = 3
# What a row belongs to, by the name it has in every run: PostgreSQL counts on from numbers given back.
NAMED = {"item": "item__external_id", "project": "project__slug"}
QUEUES = ("cpu", "gpu", "judge")


class Killed(BaseException):
    """Passes by every ``except Exception``, as a kill does."""


@dataclass
class Place:
    """``world``: what stands there before anything is asked. ``ask``: enqueues the work, each time anew."""

    world: Callable[[], object]
    ask: Callable[[object], object]


def pairs_of(count=6):
    project = make_project()
    return project, [make_item(project, texts=(f"one {n} and more", f"two {n}")) for n in range(count)]


def judged_project():
    project, items = pairs_of()
    judge = make_judge(project)
    for place, item in enumerate(items):
        make_judgment(item, judge, -2 if place % 2 else 1)
    return project


def settled_project():
    project = judged_project()
    settle_items(project=project)
    return project


def prompts_alone(home):
    save_tiny_model(home / "models" / "tiny")
    project = make_project()
    for number in range(3):
        make_item(project, texts=(), prompt=f"Say {number}.")
    return project


def import_one(project):
    lines = "".join(json.dumps(item_line(number)) + "\n" for number in range(8))
    upload = keep_upload(upload=SimpleUploadedFile("items.jsonl", lines.encode()))
    return enqueue_import(project=project, upload=upload, name="items.jsonl", mode=ImportMode.STRICT)


def upload_table(project):
    rows = "".join(
        f"{name},{side},{len(name) + side},{side}\n"
        for name in project.items.values_list("external_id", flat=True)
        for side in (0, 1)
    )
    table = SimpleUploadedFile("scores.csv", f"id,candidate,rm_a,rm_b\n{rows}".encode())
    return ask_to_keep_scores(project=project, upload=keep_upload(upload=table), name="scores.csv")


def scored_elsewhere():
    project = settled_project()
    upload_table(project)
    work_off()
    return project


def freeze(project):
    recipe = save_recipe(project=project, name="Clean", steps=[{"step": "drop_undecided"}])
    return ask_to_freeze(project=project, recipe=recipe, format="preference")


def with_a_judge(endpoint):
    project, _items = pairs_of(3)
    route_items(policy=make_policy(project=project, kind="everyone"))
    given = {"backend": "endpoint", "url": endpoint.url, "model": "m", "logprobs": False}
    return save_judge(project=project, name="Judge", given=given)


LEARNED = {"kind": "learned", "human_budget": 5, "seed": 0, "ask_models": True, "settings": {}}


def places(home, endpoint):
    """A place for each kind of work; of scoring, for each way it is done without a large model."""

    def world():
        return pairs_of()[0]

    def strength_of_lists(project):
        return score_items(project=project, scorer="strength", parameters={"from_lists": True})

    def generate(project):
        return ask_for_candidates(
            project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=8, model="tiny"
        )

    return {
        "score": Place(world, lambda project: score_items(project=project, scorer="features")),
        "score: a table": Place(world, upload_table),
        "score: lists": Place(scored_elsewhere, strength_of_lists),
        "generate": Place(lambda: prompts_alone(home), generate),
        "judge": Place(lambda: with_a_judge(endpoint), lambda judge: ask_judge(judge=judge)),
        "trial": Place(lambda: with_a_judge(endpoint), lambda judge: try_injections(judge=judge, pairs=2)),
        "settle": Place(judged_project, lambda project: ask_to_settle(project=project)),
        "import": Place(make_project, import_one),
        "route": Place(
            lambda: tagged_project(labelled=60, waiting=12),
            lambda project: ask_to_route(project=project, policy=dict(LEARNED)),
        ),
        "replay": Place(
            lambda: tagged_project(labelled=40, waiting=0),
            lambda project: ask_for_replay(project=project, seeds=1),
        ),
        "mixtures": Place(
            lambda: tagged_project(labelled=60, waiting=0),
            lambda project: ask_for_mixtures(project=project, count=20),
        ),
        "recheck": Place(
            lambda: tagged_project(labelled=40, waiting=0), lambda project: ask_to_recheck(project=project)
        ),
        "curate": Place(settled_project, slow_preview),
        "release": Place(settled_project, freeze),
    }


def slow_preview(project):
    """As the page of a recipe asks of many pairs, where the preview cannot be had at once."""
    steps = [{"step": "near_duplicates"}]
    about = {"pool": "people_first", "method": "", "question": ""}
    return enqueue_job(
        kind=JobKind.CURATE, project=project, payload={"steps": steps, **about, "stamp": "now"}
    )


NAMES = (
    "score", "score: a table", "score: lists", "generate", "judge", "trial", "settle", "import", "route",
    "replay", "mixtures", "recheck", "curate", "release",
)  # fmt: skip


@pytest.fixture
def endpoint():
    served = HostileEndpoint(prefers_good)
    yield served
    served.close()


@pytest.fixture
def asked(request, tmp_path, settings, endpoint):
    """The place of one kind with its world made, in a home of its own."""
    settings.WINNOW_HOME, settings.WINNOW_MODELS = tmp_path, tmp_path / "models"
    (tmp_path / "uploads").mkdir()
    place = places(tmp_path, endpoint)[request.param]
    return place, place.world()


# What says when, by whom and how long, or names a row that was made on the way.
PASSING = {"id", "seconds", "raw", "manifest", "manifest_sha256", "made_by", "lease_token", "holder"}
KEPT = (
    Item, Candidate, Judgment, Estimate, Score, LatestScore, ScoreList, Route, Policy, Release, ReleaseRow,
    ImportRun, InjectionTrial,
)  # fmt: skip


def outcome():
    """Every row that work leaves behind, without what two runs may differ in."""
    found = {}
    for model in KEPT:
        names = [
            NAMED.get(field.name, field.attname)
            for field in model._meta.concrete_fields
            if field.name not in PASSING
            and not isinstance(field, models.DateTimeField | models.UUIDField)
            and (not field.is_relation or field.name in NAMED)
        ]
        rows = [json.dumps(row, sort_keys=True, default=str) for row in model.objects.values(*names)]
        found[model.__name__] = sorted(rows)
    jobs = Job.objects.filter(parent=None).values_list("kind", "state", "done", "total")
    found["jobs"] = sorted(map(str, jobs))
    return found


class Statements:
    """Counts the statements of a run and kills it at one of them."""

    def __init__(self, kill_at=None):
        self.count, self.kill_at = 0, kill_at

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        if self.count == self.kill_at:
            raise Killed
        return execute(sql, params, many, context)


def let_time_pass():
    """As if the leases of what was cut off had run out: of jobs, and of questions to a model."""
    lapse(Job.objects.filter(state="running"))
    lapse(JudgeCall.objects.filter(state="asked"))


def run_all(kill_at=None):
    """Work off what waits, killed once at that statement; returns how many statements there were."""
    statements = Statements(kill_at)
    with connection.execute_wrapper(statements):
        try:
            work_off()
        except Killed:
            let_time_pass()
            work_off()
    return statements.count


class Undone(Exception):
    pass


def tried(place, world, run):
    """What a run gives and leaves, and then everything as it was before."""
    found = None
    try:
        with transaction.atomic():
            place.ask(world)
            given = run()
            found = given, outcome()
            raise Undone
    except Undone:
        return found


def test_every_kind_of_work_has_a_place_here():
    assert {name.partition(":")[0] for name in NAMES} == set(HANDLERS) == set(JobKind.values)


@pytest.mark.parametrize("asked", NAMES, indirect=True)
def test_work_killed_at_any_statement_ends_as_if_undisturbed(asked):
    place, world = asked
    total, calm = tried(place, world, run_all)
    states = [one.split(",")[1].strip(" '") for one in calm["jobs"]]

    for number in range(KILLS):
        at = 1 + (total - 1) * (2 * number + 1) // (2 * KILLS)
        _count, killed = tried(place, world, lambda at=at: run_all(kill_at=at))
        assert killed == calm, f"killed at statement {at} of {total}"
    assert total > 0
    assert states
    assert states == ["done"] * len(states)


@pytest.mark.parametrize("asked", NAMES, indirect=True)
def test_work_delivered_three_times_is_done_once(asked, endpoint):
    place, world = asked

    def delivered():
        ids = list(Job.objects.filter(state="waiting").values_list("pk", flat=True))
        ran = [run_next(holder=f"worker {n}", queues=QUEUES, job_id=pk) for n in range(3) for pk in ids]
        return [job is not None for job in ran], len(ids), len(endpoint.asked)

    _total, calm = tried(place, world, run_all)
    before = len(endpoint.asked)
    (ran, count, calls), thrice = tried(place, world, delivered)

    assert ran == [True] * count + [False] * 2 * count
    assert thrice == calm
    assert calls - before == before


class Deadly:
    """Kills whoever claims a job, at the first statement of the work itself."""

    def __init__(self):
        self.since_claimed = None

    def __call__(self, execute, sql, params, many, context):
        if self.since_claimed is not None:
            self.since_claimed += 1
        if sql.startswith("UPDATE") and '"holder"' in sql:
            self.since_claimed = 0
        # The first statement after the claim reads the job's row, still inside the claim.
        if self.since_claimed == 2:
            raise Killed
        return execute(sql, params, many, context)


@pytest.mark.parametrize("asked", NAMES, indirect=True)
def test_work_that_always_kills_its_worker_is_set_aside_and_all_else_is_done(asked):
    place, world = asked

    def poisoned():
        poison = Job.objects.filter(state="waiting").order_by("pk").first()
        units = len(poison.payload.get("units", []))
        behind = make_item(make_project())
        score_items(project=behind.project, scorer="length")
        for _attempt in range(6 if units > 1 else 3):
            with pytest.raises(Killed), connection.execute_wrapper(Deadly()):
                run_next(holder="worker", queues=QUEUES, job_id=poison.pk)
            let_time_pass()
        work_off()
        poison.refresh_from_db()
        beside = Job.objects.exclude(parent=None).filter(parent=poison.parent).exclude(pk=poison.pk)
        return (
            poison,
            units,
            list(beside.values_list("state", flat=True)),
            LatestScore.objects.filter(item=behind).count(),
        )

    (poison, units, beside, done), _left = tried(place, world, poisoned)

    assert (poison.state, poison.attempts) == ("failed", 3)
    assert poison.error
    assert len(poison.payload.get("units", [0])) == 1
    assert beside == ["done"] * max(units - 1, 0)
    assert done == 1
