"""The real program in a home of its own, and a real Chromium in front of it."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from bench.browser import browser, chromium, sign_in
from bench.kinds import add_kinds
from bench.running import winnow

WHAT_A_PAGE_SHOWS = """() => ({
  data: {...document.body.dataset}, busy: document.getElementById("desk")?.getAttribute("aria-busy"),
  item: document.getElementById("desk")?.dataset.assignment,
  dialogs: document.querySelectorAll("dialog[open]").length,
  said: document.getElementById("said")?.textContent,
  messages: document.getElementById("messages")?.innerText,
  focus: document.activeElement?.outerHTML.slice(0, 200), hidden: document.hidden,
  main: document.getElementById("main")?.innerText.slice(0, 800),
})"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A browser test that fails says what its pages showed: all that is left of it in a log."""
    report = yield
    if report.when == "call" and report.failed and (chrome := item.funcargs.get("chrome")):
        for opened in (page for context in chrome.contexts for page in context.pages):
            try:
                shows = json.dumps(opened.evaluate(WHAT_A_PAGE_SHOWS), indent=1, ensure_ascii=False)
            except Exception as trouble:
                shows = str(trouble)
            report.sections.append((f"page {opened.url}", shows))
    return report


@pytest.fixture(scope="session")
def chrome():
    if chromium() is None:
        pytest.skip("Chromium is not installed")
    with browser() as launched:
        yield launched


@pytest.fixture(scope="session")
def running(chrome):
    with winnow() as started:
        yield started


@pytest.fixture(scope="session")
def kinds(running):
    """The program, with a project for each kind of question."""
    add_kinds(running.home)
    return running


@contextmanager
def signed_in(chrome, running):
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


@pytest.fixture
def page(chrome, running):
    with signed_in(chrome, running) as opened:
        yield opened


@pytest.fixture
def newcomer(chrome):
    """A program just installed, which no other test has touched, and a page of it."""
    with winnow() as started, signed_in(chrome, started) as opened:
        yield started, opened
