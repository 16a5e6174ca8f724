"""A newcomer's first quarter of an hour, in a real browser: label by keyboard, settle, release, load."""

from __future__ import annotations

import json
import zipfile

import pytest

from bench.browser import all_sent, ask_and_wait, label, open_desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

KEYS = "1735E62N41" * 2


def open_item(page, running):
    open_desk(page, running.url, "demo")


def judged(page, running):
    page.goto(f"{running.url}/p/demo/")
    return int(page.locator("li.stage").nth(4).locator(".stage-count").inner_text())


def test_twenty_items_by_keyboard_then_a_release_that_loads(newcomer, tmp_path):
    running, page = newcomer
    before = judged(page, running)
    open_item(page, running)
    for key in KEYS:
        label(page, key)
    all_sent(page)

    assert judged(page, running) == before + 20

    page.goto(f"{running.url}/p/demo/settling/")
    ask_and_wait(page, "text=Settle now")
    page.goto(f"{running.url}/p/demo/recipes/")
    page.click("text=Clean pairs")
    page.click("button:text-is('Freeze')")
    page.wait_for_url("**/releases/")
    page.click("text=Release v1", timeout=60_000)
    page.wait_for_url("**/releases/1/")
    with page.expect_download() as download:
        page.locator("a", has_text="Download").click()
    archive = tmp_path / "release.zip"
    download.value.save_as(archive)
    zipfile.ZipFile(archive).extractall(tmp_path / "release")

    rows = [json.loads(line) for line in (tmp_path / "release/jsonl/train.jsonl").read_text().splitlines()]
    # Of the ten keys three give no side: E, N and 4.
    assert len(rows) == 14
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(
        str(tmp_path / "release"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded.num_rows == 14


def test_undo_by_key_brings_the_last_answer_back(page, running):
    open_item(page, running)
    prompt = page.locator(".desk-prompt").inner_text()
    label(page, "6")

    page.keyboard.press("u")
    page.wait_for_selector("text=Opened again")

    assert page.locator(".desk-prompt").inner_text() == prompt
    assert page.locator("[name=answer_preference]:checked").input_value() == "2"


def test_keys_rest_while_somebody_types(page, running):
    open_item(page, running)
    page.keyboard.press("3")

    page.keyboard.press("t")
    page.keyboard.type("1 neither 7")

    assert page.input_value("[name=answer_justification]") == "1 neither 7"
    assert page.locator("[name=answer_preference]:checked").input_value() == "-1"


def test_nothing_on_the_desk_names_a_model(page, running):
    open_item(page, running)

    assert "SmolLM2-135M" not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(chrome, running, scheme):
    from bench.browser import sign_in

    context = chrome.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    sign_in(page, running.url, running.password)
    for path in ("", "p/demo/", "p/demo/items/", "p/demo/items/1/", "p/demo/desk/", "p/demo/recipes/1/"):
        page.goto(f"{running.url}/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, (path, wide)
    context.close()
