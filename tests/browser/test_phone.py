"""On a phone the verdict stays in reach and leaves the room to the texts; the rest is one touch away."""

from __future__ import annotations

import pytest

from bench.browser import all_sent, open_desk, sign_in
from tests.browser.test_desk_storms import stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NOTE = "[name=answer_why]"


@pytest.fixture
def phone(chrome, kinds):
    context = chrome.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    sign_in(page, kinds.url, kinds.password)
    yield page
    context.close()


def share(page, selector):
    return page.evaluate(
        "found => document.querySelector(found).getBoundingClientRect().height / innerHeight", selector
    )


@pytest.mark.parametrize(
    ("slug", "bar"), [("pairs", "form.verdict"), ("choices", ".verdict-row"), ("ranking", ".verdict-row")]
)
def test_the_bar_takes_less_than_a_sixth_of_the_height_with_targets_for_fingers(phone, kinds, slug, bar):
    open_desk(phone, kinds.url, slug)

    assert share(phone, bar) < 1 / 6
    small = phone.evaluate(
        "bar => [...document.querySelectorAll(`${bar} :is(button, .stop)`)]"
        ".filter(one => one.checkVisibility())"
        ".filter(one => Math.min(one.offsetWidth, one.offsetHeight) < 43.5).map(one => one.textContent)",
        bar,
    )
    assert small == []


def test_words_and_other_ways_out_wait_behind_more(phone, kinds):
    open_desk(phone, kinds.url, "pairs")
    item = phone.get_attribute("#desk", "data-assignment")
    assert not phone.is_visible(NOTE)
    assert not phone.is_visible("button[data-act=skip]")

    phone.tap("button[data-act=more]")
    phone.tap(NOTE)
    phone.fill(NOTE, "seen on a phone")
    phone.tap("button[data-act=more]")
    # What was written stays in sight.
    assert phone.is_visible(NOTE)
    assert not phone.is_visible("button[data-act=skip]")
    phone.tap(".stop:has([value='2'])")
    phone.tap("button.submit")
    phone.wait_for_function("item => document.getElementById('desk').dataset.assignment !== item", arg=item)
    all_sent(phone)

    assert [answers["why"] for answers in stored(kinds, item)] == ["seen on a phone"]


def test_the_key_of_the_note_brings_it_out(phone, kinds):
    open_desk(phone, kinds.url, "pairs")
    phone.keyboard.press("t")

    assert phone.is_visible(NOTE)
    assert phone.evaluate("document.activeElement.name") == "answer_why"
