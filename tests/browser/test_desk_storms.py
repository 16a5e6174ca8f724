"""What happens to an answer when windows, networks and sessions misbehave: forty steps in a real browser."""

from __future__ import annotations

import json
import sqlite3

import pytest

from bench.browser import all_sent, open_desk, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NOTE = "[name=answer_justification]"


class Desk:
    """One window at the desk of the demo project."""

    def __init__(self, page, running):
        self.page, self.running = page, running

    @classmethod
    def opened(cls, context, running):
        desk = cls(context.new_page(), running)
        open_desk(desk.page, running.url, "demo")
        # An earlier test may have left a draft for this item.
        desk.page.fill(NOTE, "")
        desk.page.locator(NOTE).blur()
        return desk

    @property
    def item(self):
        return self.page.get_attribute("#desk", "data-assignment")

    @property
    def prompt(self):
        return self.page.locator(".prompt-text").inner_text()

    def answer(self, key, words=""):
        self.page.keyboard.press(key)
        if words:
            self.page.keyboard.press("t")
            self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")

    def moved_on(self, item):
        self.page.wait_for_function(
            "item => document.getElementById('desk').dataset.assignment !== item", arg=item
        )

    def wait_ahead(self):
        """Until the item after this one was fetched: only then can the network go without being missed."""
        self.page.wait_for_selector("body[data-ahead='1']")

    def says(self, words):
        self.page.wait_for_selector(f"#messages >> text={words}")


def stored(running, item):
    """The current answers of an assignment, read past the program."""
    with sqlite3.connect(f"file:{running.home / 'db.sqlite3'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "select answers from annotate_judgment where assignment_id = ? and state = 'current'", [item]
        ).fetchall()
    return [json.loads(row[0]) for row in rows]


def judgments(running):
    with sqlite3.connect(f"file:{running.home / 'db.sqlite3'}?mode=ro", uri=True) as database:
        return database.execute("select count(*) from annotate_judgment").fetchone()[0]


def drafts_in(page):
    return page.evaluate(
        "[localStorage, sessionStorage].flatMap(kept => Object.keys(kept))"
        ".filter(key => /^winnow:(draft|outbox):/.test(key))"
    )


@pytest.fixture
def context(chrome, running):
    opened = chrome.new_context(viewport={"width": 1360, "height": 860})
    page = opened.new_page()
    sign_in(page, running.url, running.password)
    page.close()
    yield opened
    opened.close()


def test_forty_steps_lose_nothing_and_label_nothing_wrong(context, running):
    # 1-6: the same item in two windows; the first to submit counts, the second is told and keeps its words.
    one, two = Desk.opened(context, running), Desk.opened(context, running)
    item = one.item
    assert two.item == item
    two.page.keyboard.press("t")
    two.page.keyboard.type("from the second window")
    one.page.bring_to_front()
    one.answer("2", "from the first window")
    one.moved_on(item)
    all_sent(one.page)
    two.page.bring_to_front()
    two.page.keyboard.press("Escape")
    two.answer("6")
    two.page.wait_for_selector("text=This item is no longer yours")
    assert two.page.locator(".desk-state textarea").input_value() == "from the second window"
    assert [found["justification"] for found in stored(running, item)] == ["from the first window"]

    # 7-11: both go on, and meet at the same next item; whoever is late is told again.
    two.page.keyboard.press("Enter")
    two.page.wait_for_selector("form.verdict")
    item = two.item
    assert item == one.item
    two.answer("3")
    two.moved_on(item)
    all_sent(two.page)
    assert len(stored(running, item)) == 1
    one.page.bring_to_front()
    one.answer("5")
    one.page.wait_for_selector("text=This item is no longer yours")
    assert len(stored(running, item)) == 1
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("form.verdict")
    two.page.close()

    # 12-17: a draft survives a reload, and belongs to its item alone.
    one.page.keyboard.press("1")
    one.page.keyboard.press("t")
    one.page.keyboard.type("begun, not sent")
    item, prompt = one.item, one.prompt
    one.page.reload()
    one.page.wait_for_selector("form.verdict")
    assert (one.item, one.prompt) == (item, prompt)
    assert one.page.input_value(NOTE) == "begun, not sent"
    assert one.page.locator("[name=answer_preference]:checked").input_value() == "-3"
    one.page.keyboard.press("Enter")
    one.moved_on(item)
    assert one.page.input_value(NOTE) == ""
    all_sent(one.page)
    assert [found["justification"] for found in stored(running, item)] == ["begun, not sent"]

    # 18-22: away and back; the page that comes back shows what is held now, and nothing that was answered.
    held = one.item
    one.page.goto(f"{running.url}/p/demo/")
    one.page.go_back()
    one.page.wait_for_selector("form.verdict")
    assert one.item == held
    before = judgments(running)
    one.answer("7")
    one.moved_on(held)
    all_sent(one.page)
    assert judgments(running) == before + 1

    # 23-29: no network for a while: what was fetched ahead can be answered, the rest waits and says so.
    one.wait_ahead()
    first = one.item
    context.set_offline(True)
    one.answer("2", "sent offline, one")
    one.moved_on(first)
    second = one.item
    one.answer("6", "sent offline, two")
    one.says("No connection")
    assert one.page.get_attribute("body", "data-unsent") == "2"
    assert stored(running, first) == stored(running, second) == []
    context.set_offline(False)
    all_sent(one.page)
    one.moved_on(second)
    assert [found["justification"] for found in stored(running, first)] == ["sent offline, one"]
    assert [found["justification"] for found in stored(running, second)] == ["sent offline, two"]
    assert drafts_in(one.page) == []

    # 30-32: the connection breaks after the server has stored the answer: sent again, it is counted once.
    one.wait_ahead()
    item, before = one.item, judgments(running)
    dropped = []

    def drop(route):
        if dropped:
            route.continue_()
            return
        dropped.append(route.fetch())
        route.abort()

    one.page.route("**/submit/", drop)
    one.answer("3", "stored, reply lost")
    one.moved_on(item)
    all_sent(one.page)
    one.page.unroute("**/submit/")
    assert judgments(running) == before + 1
    assert [found["justification"] for found in stored(running, item)] == ["stored, reply lost"]

    # 33-37: signed out in another window: the answer waits, no draft stays in the browser's long memory, and
    # it goes out after signing in again.
    item = one.item
    other = context.new_page()
    other.goto(f"{running.url}/p/demo/")
    other.click("details.menu summary")
    other.click("text=Sign out")
    other.wait_for_url("**/login/**")
    assert drafts_in(other) == []
    other.close()
    one.answer("5", "sent while signed out")
    one.says("You are signed out")
    assert stored(running, item) == []
    one.page.click("#messages a")
    one.page.fill("[name=username]", "admin")
    one.page.fill("[name=password]", running.password)
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/p/demo/desk/")
    all_sent(one.page)
    assert [found["justification"] for found in stored(running, item)] == ["sent while signed out"]

    # 38-40: a session that is new in another window makes this window's token stale: it is renewed, once.
    one.page.wait_for_selector("form.verdict")
    item = one.item
    one.page.evaluate(
        "for (const field of document.querySelectorAll('[name=csrfmiddlewaretoken]'))"
        " field.value = 'x'.repeat(64)"
    )
    one.answer("1", "after the token changed")
    one.moved_on(item)
    all_sent(one.page)
    assert [found["justification"] for found in stored(running, item)] == ["after the token changed"]


def test_an_answer_that_meets_a_locked_database_goes_out_when_it_is_free(context, running):
    desk = Desk.opened(context, running)
    desk.wait_ahead()
    item = desk.item
    holder = sqlite3.connect(running.home / "db.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    desk.answer("2", "while the database is locked")
    desk.moved_on(item)
    # As long as a write waits for other processes, and not as long as the page waits for a reply.
    desk.page.wait_for_selector("#messages >> text=cannot take answers", timeout=29_000)
    assert stored(running, item) == []
    holder.rollback()
    holder.close()
    all_sent(desk.page)

    assert [found["justification"] for found in stored(running, item)] == ["while the database is locked"]


def test_signing_out_with_unsent_answers_warns_once_and_then_drops_them(context, running):
    desk = Desk.opened(context, running)
    desk.wait_ahead()
    context.set_offline(True)
    desk.answer("2", "never sent")
    desk.says("No connection")

    # The way back is shut before the network is: else the answer may go out in between.
    desk.page.route("**/submit/", lambda route: route.abort())
    context.set_offline(False)
    desk.page.click("details.menu summary")
    desk.page.click("text=Sign out")
    desk.says("have not reached the server")
    desk.page.click("text=Sign out")
    desk.page.wait_for_url("**/login/**")

    assert drafts_in(desk.page) == []


def test_undo_before_the_answer_went_out_takes_it_back(context, running):
    desk = Desk.opened(context, running)
    desk.wait_ahead()
    item, before = desk.item, judgments(running)
    context.set_offline(True)
    desk.answer("2", "too quick")
    desk.moved_on(item)
    desk.says("No connection")

    desk.page.keyboard.press("u")
    desk.page.wait_for_function(
        "item => document.getElementById('desk').dataset.assignment === item", arg=item
    )

    assert desk.page.input_value(NOTE) == "too quick"
    context.set_offline(False)
    desk.page.wait_for_timeout(300)
    assert judgments(running) == before


def test_an_answer_the_server_refuses_comes_back_with_its_words(context, running):
    desk = Desk.opened(context, running)
    desk.wait_ahead()
    item = desk.item
    desk.page.evaluate("document.querySelector('[name=answer_preference]').value = '9'")
    desk.page.fill(NOTE, "")
    desk.page.keyboard.press("Escape")
    desk.answer("1", "kept although refused")
    desk.page.wait_for_selector(".verdict .notice")

    assert desk.item == item
    assert desk.page.input_value(NOTE) == "kept although refused"
    desk.answer("3")
    desk.moved_on(item)
    all_sent(desk.page)
    assert [found["preference"] in (-1, 1) for found in stored(running, item)] == [True]
