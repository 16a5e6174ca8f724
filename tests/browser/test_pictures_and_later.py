"""Pictures at the desk, large by key and by click; and putting an item behind the others."""

from __future__ import annotations

import pytest

from bench.browser import all_sent, open_desk
from tests.browser.test_desk_storms import stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TITLE = "[data-lightbox-title]"


def loaded(page, selector):
    page.wait_for_function(
        "found => [...document.querySelectorAll(found)].every(one => one.complete && one.naturalWidth > 0)",
        arg=selector,
    )


def place(page):
    return page.inner_text("[data-lightbox-place]")


def test_pictures_are_drawn_and_opened_by_key_and_turned_by_arrows(page, kinds):
    open_desk(page, kinds.url, "pictures")
    loaded(page, "#desk .picture img")
    assert page.locator(".desk-sides .picture img").count() == 3
    picture, words = (page.locator(f".prompt-text {one}").bounding_box() for one in (".picture", ".turns"))
    assert picture["y"] + picture["height"] <= words["y"]

    page.focus(".desk-side[data-side=A] .picture >> nth=0")
    page.keyboard.press("i")
    assert page.inner_text(TITLE).startswith("Response A · A lake at dusk, study 1")
    page.keyboard.press("Escape")
    page.focus("#main")
    page.keyboard.press("i")
    assert page.inner_text(TITLE) == "Prompt · A sketch of the lake"
    places = [place(page)]
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        places.append(place(page))
    loaded(page, "#lightbox img")
    page.keyboard.press("3")
    page.keyboard.press("Escape")

    assert places == ["1 / 4", "2 / 4", "3 / 4", "4 / 4", "1 / 4", "4 / 4"]
    assert not page.is_visible("#lightbox")
    assert page.locator("[name=answer_preference]:checked").count() == 0


def test_a_picture_is_opened_by_click_and_by_enter_on_it(page, kinds):
    open_desk(page, kinds.url, "pictures")
    page.click(".desk-side[data-side=B] .picture >> nth=0")
    assert page.inner_text(TITLE).startswith("Response B")
    page.click("#lightbox [data-turn='1']")
    page.click("#lightbox [data-closes]")
    assert not page.is_visible("#lightbox")

    page.focus(".desk-side[data-side=B] .picture >> nth=0")
    page.keyboard.press("Enter")

    assert page.inner_text(TITLE).startswith("Response B")
    assert page.url.endswith("/desk/")


def test_the_next_item_is_fetched_with_its_pictures(page, kinds):
    asked = []
    page.on("request", lambda one: asked.append(one.url) if "/images/" in one.url else None)
    open_desk(page, kinds.url, "pictures")
    page.wait_for_selector("body[data-ahead='1']")

    names = page.locator(".desk-sides .picture img").evaluate_all("all => all.map(one => one.src)")
    assert set(asked) >= set(names)
    assert all("one.png" not in url for url in asked)


def test_pictures_are_large_on_the_pages_for_leads_too(page, kinds):
    page.goto(f"{kinds.url}/p/pictures/images/")
    page.click(".gallery .picture >> nth=0")
    assert page.inner_text(TITLE) == "one.png"
    page.keyboard.press("Escape")
    page.goto(f"{kinds.url}/p/pictures/items/")
    page.click("#main td a[href*='/p/pictures/items/'] >> nth=0")
    page.click(".picture >> nth=0")

    assert page.is_visible("#lightbox img")


def shown(page):
    return page.get_attribute("#desk", "data-assignment")


def test_an_item_put_behind_comes_back_with_its_words_and_is_answered_once(page, kinds):
    open_desk(page, kinds.url, "choices")
    # As one who comes back to it: the page brings the item itself.
    page.reload()
    first = shown(page)
    page.keyboard.press("2")
    page.fill("[name=answer_note]", "thought of at first")
    page.locator("[name=answer_note]").blur()
    page.wait_for_selector("body[data-ahead='1']")

    page.keyboard.press("j")
    page.wait_for_function("item => document.getElementById('desk').dataset.assignment !== item", arg=first)
    second = shown(page)
    page.keyboard.press("j")
    page.wait_for_function("item => document.getElementById('desk').dataset.assignment !== item", arg=second)
    # Three may be kept open: the third is new, and after it the first comes round.
    assert shown(page) not in (first, second)
    page.keyboard.press("j")
    page.wait_for_function("item => document.getElementById('desk').dataset.assignment === item", arg=first)

    assert page.input_value("[name=answer_note]") == "thought of at first"
    assert page.locator("[name=answer_preference]:checked").input_value() == "-2"
    page.click("[data-question=sure] .choice >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_function("item => document.getElementById('desk').dataset.assignment !== item", arg=first)
    assert shown(page) == second
    all_sent(page)
    assert [one["note"] for one in stored(kinds, first)] == ["thought of at first"]
    assert stored(kinds, second) == []


def test_the_key_for_later_is_printed_and_can_be_another(page, kinds):
    page.goto(f"{kinds.url}/keys/?back=/p/choices/desk/")
    assert page.get_attribute("[name=later]", "placeholder") == "j"
    page.fill("[name=later]", "x")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{kinds.url}/p/choices/desk/")
    open_desk(page, kinds.url, "choices")
    item = shown(page)
    page.wait_for_selector("body[data-ahead]")
    assert page.inner_text(".desk-line [data-act=later] kbd") == "X"

    page.keyboard.press("j")
    assert shown(page) == item
    page.keyboard.press("x")
    page.wait_for_function("item => document.getElementById('desk').dataset.assignment !== item", arg=item)
    page.goto(f"{kinds.url}/keys/")
    page.fill("[name=later]", "")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your keys are kept")
