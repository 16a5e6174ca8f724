"""Reading pairs by their score: a bar of the histogram brings its pairs, and the page stays."""

from __future__ import annotations

import pytest

from bench.browser import ask_and_wait

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_bar_brings_its_pairs_without_leaving_the_page(page, running):
    page.goto(f"{running.url}/p/demo/scores/")
    ask_and_wait(page, "text=Read features off the texts", timeout=90_000)
    page.evaluate("document.body.dataset.stays = 'yes'")
    bars = page.locator(".chart.bins a")
    tall = next(
        at for at in range(bars.count()) if not bars.nth(at).get_attribute("aria-label").startswith("0 ")
    )

    bars.nth(tall).focus()
    page.keyboard.press("Enter")

    page.wait_for_selector("#pairs article")
    assert page.get_attribute("body", "data-stays") == "yes"
    assert bars.nth(tall).locator("rect.here").count() == 1
    assert page.locator(".chart.bins rect.here").count() == 1
    assert "from" in page.inner_text("#pairs-said")
    chosen = page.url
    assert f"bin={tall}" in chosen
    shown = page.inner_text("#pairs article >> nth=0")

    page.reload()
    page.wait_for_selector("#pairs article")
    assert page.inner_text("#pairs article >> nth=0") == shown
