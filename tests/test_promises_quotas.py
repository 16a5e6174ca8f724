"""People with two tabs at the real server: no item given too often, nothing lost, no error (promise P3)."""

from __future__ import annotations

import os

import pytest

from bench.quotas import NEVER, run

pytestmark = [pytest.mark.slow, pytest.mark.database_bound, pytest.mark.timeout(900)]


@pytest.mark.parametrize("annotators", [10, 32])
def test_a_minute_of_everybody_at_once_keeps_every_quota(annotators):
    server = os.environ.get("WINNOW_TEST_DATABASE_URL", "")

    found = run(seconds=60, annotators=annotators, server=server)

    assert {name: found[name] for name in NEVER} == dict.fromkeys(NEVER, 0)
    assert found["troubles"] == {}
    assert found["judgments"] > annotators
