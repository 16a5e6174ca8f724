from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotate.errors import InvalidSetting
from annotate.models import Job
from config import environment
from curation.services.generating import ask_for_candidates
from tests.factories import make_item, make_project
from tests.workers.hostile_endpoint import HostileEndpoint
from workers.keys import endpoint_key
from workers.running import work_off

KEYS = {
    "main": ("api.example.com", "secret-canary"),
    "lan": ("http://gpu.lan:8000", "other-canary"),
    "broken": ("http://[::1:80", "third-canary"),
}


@pytest.mark.parametrize(
    ("name", "url", "key"),
    [
        ("main", "https://api.example.com/v1", "secret-canary"),
        ("main", "https://API.example.com:443/v1", "secret-canary"),
        ("lan", "http://gpu.lan:8000/v1", "other-canary"),
        ("", "https://elsewhere.example/v1", ""),
    ],
)
def test_a_key_goes_to_the_origin_that_it_is_bound_to(settings, name, url, key):
    settings.WINNOW_ENDPOINT_KEYS = KEYS

    assert endpoint_key(name=name, url=url) == key


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("main", "https://evil.example/v1"),
        ("main", "https://api.example.com.evil/v1"),
        ("main", "https://api.example.com@evil.example/v1"),
        ("main", "https://api.example.com./v1"),
        ("main", "https://api.example.com:8443/v1"),
        ("main", "http://api.example.com/v1"),
        ("main", "http://api.example.com:443/v1"),
        ("lan", "http://gpu.lan/v1"),
        ("broken", "http://[::1:80/v1"),
        ("unknown", "https://api.example.com/v1"),
    ],
)
def test_a_key_goes_nowhere_else_and_no_refusal_shows_it(settings, name, url):
    settings.WINNOW_ENDPOINT_KEYS = KEYS

    with pytest.raises(InvalidSetting) as trouble:
        endpoint_key(name=name, url=url)

    assert "canary" not in str(trouble.value.as_dict())


@pytest.fixture
def listener():
    endpoint = HostileEndpoint()
    yield endpoint
    endpoint.close()


def generate_at(listener, *, key_name):
    project = make_project()
    make_item(project, texts=(), prompt="Say hello.")
    job = ask_for_candidates(
        project=project, k=2, temperature=1.0, top_p=1.0, max_new_tokens=8, model="m", url=listener.url
    )
    for one in Job.objects.all():
        one.payload["generator"] |= {"key_name": key_name}
        one.save()
    work_off()
    job.refresh_from_db()
    return job


@pytest.mark.django_db
def test_a_generator_at_a_leads_own_address_is_sent_no_key_of_anybody(settings, listener):
    settings.WINNOW_ENDPOINT_KEYS = KEYS

    job = generate_at(listener, key_name="")

    assert (job.state, len(listener.asked)) == ("done", 2)
    assert "Authorization" not in listener.headers[0]


@pytest.mark.django_db
def test_a_generator_that_names_anothers_key_sends_nothing_at_all(settings, listener):
    settings.WINNOW_ENDPOINT_KEYS = KEYS

    job = generate_at(listener, key_name="main")

    assert (listener.connections, job.state) == (0, "failed")
    assert "not for this address" in "".join(chunk.error for chunk in [job, *job.chunks.all()])


@pytest.mark.django_db
def test_a_generator_gets_the_key_that_is_bound_to_its_address(settings, listener):
    settings.WINNOW_ENDPOINT_KEYS = {"mine": (f"http://127.0.0.1:{listener.port}", "secret-canary")}

    generate_at(listener, key_name="mine")

    assert listener.headers[0]["Authorization"] == "Bearer secret-canary"


def test_keys_are_read_with_what_they_are_bound_to(monkeypatch):
    monkeypatch.setenv("KEYS", "main@api.example.com=a=b@c, lan@http://gpu.lan:8000=d")

    assert environment.bound_keys("KEYS") == {
        "main": ("api.example.com", "a=b@c"),
        "lan": ("http://gpu.lan:8000", "d"),
    }


@pytest.mark.parametrize(
    "written", ["secret-canary", "main@=secret-canary", "@host=secret-canary", "a@h=x,a@h=secret-canary"]
)
def test_a_key_without_a_name_or_a_host_stops_the_start_unseen(monkeypatch, written):
    monkeypatch.setenv("KEYS", written)

    with pytest.raises(ImproperlyConfigured, match="name@host=key") as refused:
        environment.bound_keys("KEYS")

    assert "canary" not in str(refused.value)


def test_the_key_that_went_everywhere_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setenv("OLD_KEY", "secret-canary")

    with pytest.raises(ImproperlyConfigured, match="no longer read. Bind it") as refused:
        environment.gone("OLD_KEY", "Bind it to its host.")

    assert "canary" not in str(refused.value)
