"""Debian's Chromium under Playwright, with the flags it needs in a container."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        try:
            yield launched
        finally:
            launched.close()


def sign_in(page: Any, url: str, password: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")


def open_desk(page: Any, url: str, slug: str) -> None:
    """Go to the desk as a person would: Enter starts it, and Enter says that the guidelines were read. Where
    an item is held already there is nothing to start."""
    page.goto(f"{url}/p/{slug}/desk/")
    if not page.locator("form.verdict").count():
        page.keyboard.press("Enter")
    page.wait_for_selector("form.verdict")
    if page.locator("dialog.guideline-news[open]").count():
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog.guideline-news", state="detached")


def label(page: Any, key: str) -> None:
    """Press a verdict and Enter, and wait for the next item (or the end)."""
    page.wait_for_selector("form.verdict")
    shown = page.input_value("[name=submission_key]")
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "shown => (document.querySelector('[name=submission_key]')?.value ?? 'none') !== shown", arg=shown
    )


def all_sent(page: Any) -> None:
    """Wait until the server has everything that was answered."""
    page.wait_for_selector("body[data-unsent='0']")


ALL_ENDED = """() => {
  const jobs = [...document.querySelectorAll("[id^=job-]")];
  const open = jobs.filter(job => job.hasAttribute("hx-get"));
  return document.readyState === "complete" && jobs.length > 0 && open.length === 0;
}"""


def ask_and_wait(page: Any, button: str, *, timeout: float = 60_000) -> None:
    """Press a button that asks for work, and wait until no job on the page is open: an older one may say that
    it is done long before."""
    with page.expect_navigation():
        page.click(button)
    page.wait_for_function(ALL_ENDED, timeout=timeout)
    first = page.locator("[id^=job-] .pill").first.inner_text()
    if first != "Done":
        raise AssertionError(f"the work ended as {first!r}: {page.locator('[id^=job-]').first.inner_text()}")
