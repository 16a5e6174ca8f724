"""A threshold is dragged on its histogram, and the counts and the picture follow."""

from __future__ import annotations

import pytest

from bench.browser import all_sent, ask_and_wait, label, open_desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

KEYS = "1735E62N17"


@pytest.fixture
def recipe(page, running):
    """A recipe on settled pairs, open in the browser, with a length step at its end."""
    open_desk(page, running.url, "demo")
    for key in KEYS:
        label(page, key)
    all_sent(page)
    page.goto(f"{running.url}/p/demo/settling/")
    ask_and_wait(page, "text=Settle now")
    page.goto(f"{running.url}/p/demo/recipes/")
    page.click("text=Sure pairs, split")
    page.wait_for_selector("[data-histogram$=at_most]")
    return page


def counts(page):
    result = page.locator(".recipe-step", has_text="Length gap")
    return [int(result.locator(f"[data-{name}]").inner_text()) for name in ("kept", "dropped")]


def drag(page, share):
    chart = page.locator("[data-histogram$=at_most]").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + 40, steps=5)
    cut = chart.locator("rect.cut").count()
    with page.expect_response("**/recipes/preview/"):
        page.mouse.up()
    page.wait_for_function("() => !document.querySelector('[data-dropped]').textContent.includes('≈')")
    return cut


def test_a_threshold_that_is_dragged_takes_counts_and_histogram_with_it(recipe):
    kept, dropped = counts(recipe)

    cut = drag(recipe, 0.3)

    recipe.wait_for_function(
        "() => [...document.querySelectorAll('[data-kept]')].every(one => !one.textContent.includes('≈'))"
    )
    fewer, more = counts(recipe)
    assert cut > 0
    assert fewer < kept
    assert fewer + more == kept + dropped
    assert float(recipe.input_value("[name=steps-2-at_most]")) < 1500
    assert recipe.locator("[data-histogram$=at_most] rect.cut").count() > 0


def test_arrow_keys_move_the_threshold_and_the_focus_stays(recipe):
    chart = recipe.locator("[data-histogram$=at_most]").first
    chart.focus()

    with recipe.expect_response("**/recipes/preview/"):
        recipe.keyboard.press("Home")
    recipe.wait_for_function("() => document.activeElement?.dataset?.histogram?.endsWith('at_most')")

    assert float(recipe.input_value("[name=steps-2-at_most]")) <= 50


def test_dropped_rows_are_read_on_the_page(recipe):
    drag(recipe, 0.2)

    recipe.locator(".recipe-step", has_text="Length gap").get_by_text("Read what it drops").click()

    recipe.wait_for_selector("#rows-2 tbody tr")


def test_a_step_is_added_moved_and_removed_without_saving(recipe):
    before = recipe.locator(".recipe-step").count()

    recipe.click("text=Add a step")
    recipe.click("button[value='add:sample']")
    recipe.wait_for_selector(f".recipe-step >> nth={before}")
    recipe.locator(f"button[value='up:{before}']").click()
    recipe.wait_for_selector(f"[name=steps-{before - 1}-rows]")
    recipe.locator(f"button[value='remove:{before - 1}']").click()
    recipe.wait_for_function(f"() => document.querySelectorAll('.recipe-step').length === {before}")

    recipe.reload()
    assert recipe.locator(".recipe-step").count() == before
