"""The real program in a home of its own, and a real Chromium in front of it."""

from __future__ import annotations

import pytest

from bench.browser import browser, chromium, sign_in
from bench.running import winnow


@pytest.fixture(scope="session")
def running():
    if chromium() is None:
        pytest.skip("Chromium is not installed")
    with winnow() as started:
        yield started


@pytest.fixture(scope="session")
def chrome(running):
    with browser() as launched:
        yield launched


@pytest.fixture
def page(chrome, running):
    """A page that is signed in; whatever its console or its content policy complains of fails the test."""
    context = chrome.new_context(viewport={"width": 1360, "height": 860})
    opened = context.new_page()
    complaints = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda trouble: complaints.append(str(trouble)))
    sign_in(opened, running.url, running.password)
    yield opened
    context.close()
    assert complaints == []
