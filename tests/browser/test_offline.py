"""Five minutes without a network, by clocks that are set forward: the browser's and that of the leases."""

from __future__ import annotations

import sqlite3

import pytest

from bench.browser import all_sent, open_desk, sign_in
from tests.browser.test_desk_storms import Desk, drafts_in, stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

WHY = "[name=answer_why]"
LAPSED = "state = 'leased' and leased_until < strftime('%Y-%m-%d %H:%M:%f', 'now')"


def asked(running, question, *values):
    with sqlite3.connect(f"file:{running.home / 'db.sqlite3'}?mode=ro", uri=True) as database:
        return database.execute(question, values).fetchall()


def let_pass(page, running, minutes):
    """So much time passes for the browser, whose timers run as they would have, and for every lease."""
    for _minute in range(minutes):
        page.clock.fast_forward("01:00")
    with sqlite3.connect(running.home / "db.sqlite3", timeout=30) as database:
        database.execute(
            "update annotate_assignment set leased_until = strftime('%Y-%m-%d %H:%M:%f', leased_until, ?)"
            " where state = 'leased'",
            [f"-{minutes} minutes"],
        )


@pytest.fixture
def clocked(chrome, kinds):
    """The desk of plain pairs in a window whose clock can be set forward, the next item fetched ahead."""
    context = chrome.new_context(viewport={"width": 1360, "height": 860})
    page = context.new_page()
    page.clock.install()
    sign_in(page, kinds.url, kinds.password)
    open_desk(page, kinds.url, "pairs")
    page.fill(WHY, "")
    page.locator(WHY).blur()
    desk = Desk(page, kinds)
    desk.wait_ahead()
    yield desk
    context.close()


def states(running, *items):
    return [
        asked(running, "select state from annotate_assignment where id = ?", item)[0][0] for item in items
    ]


def test_five_minutes_without_a_network_lose_no_lease_and_no_answer(clocked, kinds):
    page, context = clocked.page, clocked.page.context
    first = clocked.item
    # The last heartbeat got through almost a minute before the network went.
    page.clock.fast_forward("00:55")
    context.set_offline(True)
    clocked.answer("2", "before the five minutes")
    clocked.moved_on(first)
    second = clocked.item
    page.keyboard.press("t")
    page.keyboard.type("after the five minutes")
    page.keyboard.press("Escape")

    let_pass(page, kinds, 5)

    clocked.says("No connection")
    assert clocked.item == second
    assert page.input_value(WHY) == "after the five minutes"
    assert asked(kinds, f"select id from annotate_assignment where {LAPSED}") == []
    assert states(kinds, first, second) == ["leased", "leased"]
    page.keyboard.press("6")
    page.keyboard.press("Enter")
    context.set_offline(False)
    let_pass(page, kinds, 1)
    all_sent(page)
    clocked.moved_on(second)
    assert [one["why"] for one in stored(kinds, first)] == ["before the five minutes"]
    assert [one["why"] for one in stored(kinds, second)] == ["after the five minutes"]
    assert drafts_in(page) == []


def test_longer_than_the_lease_the_item_may_go_elsewhere_and_the_words_stay(clocked, kinds):
    page, context = clocked.page, clocked.page.context
    item = clocked.item
    context.set_offline(True)
    let_pass(page, kinds, 12)
    # The worker takes back what lapsed, as it does every twenty seconds.
    for _second in range(200):
        if states(kinds, item) == ["expired"]:
            break
        page.wait_for_timeout(500)
    assert states(kinds, item) == ["expired"]

    clocked.answer("2", "too late, and not lost")
    context.set_offline(False)
    let_pass(page, kinds, 1)
    page.wait_for_selector("text=This item is no longer yours")

    assert page.locator(".desk-state textarea").input_value() == "too late, and not lost"
    assert stored(kinds, item) == []
