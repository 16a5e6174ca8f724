"""An item that hangs or exhausts memory is set aside after its attempts; the rest of its chunk is done
(promise P15). Real workers, as the supervisor starts them one after the other; deaths without a word and what
cannot be answered are in ``test_promises_handlers.py``."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
import transformers

from annotate.models import Allowance, Job, Judgment
from annotate.services.jobs import MAX_ATTEMPTS
from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_judge
from tests.factories import make_item, make_project
from tests.workers.hostile_endpoint import HostileEndpoint, answer, completion
from tests.workers.runtime.conftest import save_tiny_model
from tests.workers.runtime.test_reward import save_reward_model
from tests.workers.test_judging import make_judged, prefers_good
from tests.workers.test_kill import ROOT, Home
from workers.running import work_off
from workers.runtime.packaged import smollm2
from workers.watch import EX_TEMPFAIL

ITEMS = 4
SETUP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.factories import make_item, make_project
from annotate.services.jobs import enqueue_job
project = make_project(name="Poisoned", slug="poisoned")
def say(n): return "~" if n == 1 else "fine"
def pairs():
    return [make_item(project, texts=("one " + say(n), "two")) for n in range({items})]
def ask(kind, payload, items):
    units = [item.pk for item in items]
    enqueue_job(kind=kind, project=project, payload=payload, units=units, chunk_size={chunk}, queue="gpu")
def score():
    ask("score", {{"scorer": "logprob", "parameters": {{"model": "tiny", "dtype": "float32"}}}}, pairs())
def generate():
    how = {{"k": 1, "temperature": 1.0, "top_p": 1.0, "seed": 0, "max_new_tokens": 4, "model": "tiny"}}
    prompts = [make_item(project, texts=(), prompt=f"Say {{n}} " + say(n)) for n in range({items})]
    ask("generate", {{"generator": how}}, prompts)
def judge():
    from curation.services.judging import save_judge
    judge = save_judge(project=project, name="Tiny", given={{"backend": "reward", "model": "rewards"}})
    ask("judge", {{"judge": judge.pk}}, pairs())
def ask_packaged():
    from curation.services.judging import local_judge
    ask("judge", {{"judge": local_judge(project=project).pk}}, pairs())
"""
MADE = {
    "score": "SELECT count(DISTINCT item_id) FROM curation_score",
    "generate": "SELECT count(*) FROM annotate_candidate",
    "judge": "SELECT count(*) FROM annotate_judgment",
    "ask_packaged": "SELECT count(*) FROM annotate_judgment",
}


def work_until_nothing_is_open(home, how, *known):
    """Start a worker after each that ends, as the supervisor does, and let every wait be over at once.
    Returns with what statuses workers ended by themselves."""
    command = [sys.executable, "-m", "tests.workers.poisoned_worker", how, *known]
    ended, deadline, worker = [], time.monotonic() + 420, None
    try:
        while home.ask("SELECT count(*) FROM annotate_job WHERE state IN ('waiting', 'running', 'split')")[0][
            0
        ]:
            assert time.monotonic() < deadline, home.ask("SELECT state, attempts, error FROM annotate_job")
            if worker is None or worker.poll() is not None:
                ended += [worker.returncode] if worker else []
                home.let_leases_lapse()
                worker = subprocess.Popen(command, env=home.environment, cwd=ROOT, stderr=subprocess.DEVNULL)
            home.ask("UPDATE annotate_job SET due_at = '2000-01-01 00:00:00' WHERE state = 'waiting'")
            time.sleep(0.1)
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait(timeout=30)
    return ended


def packaged_model(home):
    """Let the home use the model that is converted already; what the poisoned worker has to know of it."""
    folder = smollm2(ROOT / "var" / "models")
    home.environment["WINNOW_MODELS"] = str(ROOT / "var" / "models")
    letters = transformers.AutoTokenizer.from_pretrained(folder.path, local_files_only=True)
    (letter,) = letters(" ~", add_special_tokens=False)["input_ids"]
    return str(letter), "20", "3072"


@pytest.mark.slow
@pytest.mark.timeout(480)
@pytest.mark.parametrize("how", ["hang", "grow"])
@pytest.mark.parametrize("kind", ["score", "generate", "judge", "ask_packaged"])
def test_an_item_that_hangs_or_takes_all_memory_is_set_aside_and_the_rest_is_done(tmp_path, kind, how):
    home = Home(tmp_path / "home", items=ITEMS, chunk=ITEMS, setup=SETUP + f"{kind}()\n")
    if kind == "ask_packaged":
        known = packaged_model(home)
    else:
        known = ()
        save_tiny_model(home.folder / "models" / "tiny")
        # A language model with random weights fails the control pairs that judges are asked; this asks none.
        save_reward_model(home.folder / "models" / "rewards")

    ended = work_until_nothing_is_open(home, how, *known)

    failed = home.ask(
        "SELECT total, attempts, error FROM annotate_job WHERE state='failed' AND parent_id > 0"
    )
    (total, attempts, error) = failed[0]
    done = home.ask("SELECT count(*) FROM annotate_job WHERE state = 'done' AND parent_id > 0")
    assert len(failed) == 1
    assert (total, attempts) == (1, MAX_ATTEMPTS)
    assert error
    assert done == [(ITEMS - 1,)]
    assert home.ask(MADE[kind]) == [(ITEMS - 1,)]
    assert ended == ([EX_TEMPFAIL] * 2 * MAX_ATTEMPTS if how == "hang" else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pieces",
    [[answer(b"no JSON")], [answer(b"x" * (9 << 20))], [answer(b"{}", status=500)], [b"HTTP/1.1 200 OK\r\n"]],
    ids=["nonsense", "endless", "failing", "cut off"],
)
def test_a_prompt_that_an_endpoint_cannot_answer_is_set_aside_and_the_rest_is_written(settings, pieces):
    served = HostileEndpoint(
        lambda number, asked: (
            pieces if "~" in str(asked["messages"]) else [answer(completion(f"No. {number}"))]
        )
    )
    settings.WINNOW_PRIVATE_ENDPOINTS = ["127.0.0.1"]
    project = make_project()
    prompts = [make_item(project, texts=(), prompt=f"Say {n} {'~' if n == 1 else ''}") for n in range(ITEMS)]
    job = ask_for_candidates(
        project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=8, model="m", url=served.url
    )

    while Job.objects.filter(state="waiting").exists():
        Job.objects.filter(state="waiting").update(due_at="2000-01-01T00:00:00Z")
        work_off()
    served.close()

    job.refresh_from_db()
    failed = job.chunks.get(state="failed")
    assert failed.payload["units"] == [prompts[1].pk]
    assert "endpoint" in failed.error
    assert job.state == "failed"
    assert [one.candidates.count() for one in prompts] == [2, 0, 2, 2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pieces",
    [[60.0], [b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", 60.0], [answer(b"no JSON", status=500)]],
    ids=["silent", "stops in its reply", "failing"],
)
def test_an_item_over_which_a_judge_at_an_endpoint_hangs_is_set_aside_and_the_rest_is_judged(
    settings, pieces
):
    served = HostileEndpoint(
        lambda number, asked: pieces if "~" in str(asked["messages"]) else prefers_good(number, asked)
    )
    settings.WINNOW_PRIVATE_ENDPOINTS = ["127.0.0.1"]
    settings.WINNOW_ENDPOINT_SECONDS = 1
    project = make_project()
    poisoned = make_item(project, texts=("good ~", "poor"))
    _project, judge = make_judged(served, items=ITEMS, project=project)
    job = ask_judge(judge=judge)

    while Job.objects.filter(state="waiting").exists():
        # Every wait is over at once, the one in which the endpoint is left alone as well.
        Job.objects.filter(state="waiting").update(due_at="2000-01-01T00:00:00Z")
        Allowance.objects.update(resting_until=None)
        work_off()
    served.close()

    failed = job.chunks.get(state="failed")
    assert failed.payload["units"] == [poisoned.pk]
    assert "endpoint" in failed.error
    judged = Judgment.objects.filter(assignment__judge=judge, state="current")
    assert set(judged.values_list("assignment__item_id", flat=True)) == (
        set(project.items.values_list("pk", flat=True)) - {poisoned.pk}
    )
