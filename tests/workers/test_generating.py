from __future__ import annotations

import pytest

from annotate.models import Candidate, Job
from annotate.services.jobs import cancel_job, claim_job, retry_job
from curation.services.generating import ask_for_candidates
from tests.factories import make_item
from tests.workers.runtime.conftest import save_tiny_model
from workers import generating
from workers.generating import Generator, with_refusal
from workers.running import LeaseGone, Progress, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny_here(settings, tmp_path):
    settings.WINNOW_MODELS = tmp_path
    save_tiny_model(tmp_path / "tiny")


def ask(project, **more):
    """Ask, with settings of a generator that the service does not take yet put into the payload."""
    job = ask_for_candidates(project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=8, model="tiny")
    for one in Job.objects.all():
        one.payload["generator"] |= more
        one.save()
    return job


def prompts(project, n):
    return [make_item(project, texts=(), prompt=f"Say {place}.") for place in range(n)]


def test_a_candidate_says_all_that_made_it(project, tiny_here):
    (item,) = prompts(project, 1)

    ask(project, name="free", system="Be brief.", stop=["zz"], dtype="float32")
    work_off()

    first, second = item.candidates.order_by("position")
    assert (first.model, len(first.revision), first.origin) == ("tiny", 40, "generated")
    assert first.parameters == {
        "temperature": 1.0,
        "top_p": 1.0,
        "max_new_tokens": 8,
        "generator": "free",
        "system": "Be brief.",
        "stop": ["zz"],
        "template": first.parameters["template"],
        "finish": first.parameters["finish"],
        "dtype": "float32",
        "sampler": "gumbel-2",
    }
    assert first.seed != second.seed
    assert first.text != second.text
    assert first.tokens <= 8
    assert first.seconds > 0


def test_work_ended_in_the_middle_goes_on_where_it_was_and_writes_the_same_texts(project, tiny_here):
    items = prompts(project, 4)
    ask(project)
    job = claim_job(holder="one", queues=["gpu"])
    calls = []

    def ended(done):
        calls.append(done)
        if done == 2:
            raise LeaseGone

    with pytest.raises(LeaseGone):
        generating.generate_chunk(job, ended)
    kept = set(Candidate.objects.values_list("pk", flat=True))
    Job.objects.filter(pk=job.pk).update(state="waiting")
    work_off()
    again = {item.pk: [one.text for one in item.candidates.order_by("position")] for item in items}

    assert len(kept) == 4
    assert kept < set(Candidate.objects.values_list("pk", flat=True))
    Candidate.objects.all().delete()
    Job.objects.all().delete()
    ask(project)
    work_off()
    assert again == {item.pk: [one.text for one in item.candidates.order_by("position")] for item in items}


def test_a_cancelled_job_stops_and_can_be_taken_up_again(project, tiny_here):
    prompts(project, 2)
    parent = ask(project)
    job = claim_job(holder="one", queues=["gpu"])
    cancel_job(job=parent)

    with pytest.raises(LeaseGone):
        generating.generate_chunk(job, Progress(job))
    assert Candidate.objects.count() == 0
    retry_job(job=parent)
    work_off()

    parent.refresh_from_db()
    assert (parent.state, Candidate.objects.count()) == ("done", 4)


def test_a_prompt_that_fills_the_window_is_counted_and_the_others_are_answered(project, tiny_here):
    make_item(project, texts=(), prompt="x" * 600)
    (short,) = prompts(project, 1)

    job = ask(project)
    work_off()

    assert job.chunks.get().result == {"candidates": 2, "too_long": 1}
    assert short.candidates.count() == Candidate.objects.count() == 2


def test_a_refusal_is_flagged_beside_what_else_is_to_be_said():
    assert with_refusal("I'm sorry, but I can't help with that.", ("truncated",)) == ("truncated", "refusal")
    assert with_refusal("Gladly.", ()) == ()


def test_settings_of_a_later_version_are_passed_over():
    payload = {"k": 2, "temperature": 1, "top_p": 1, "seed": 0, "max_new_tokens": 9, "colour": "blue"}

    assert Generator.from_payload({"generator": payload}).k == 2
