"""Where a lead says what is right and a person changes an answer, the keys of the desk answer as well."""

from __future__ import annotations

import json
import sqlite3

import pytest

from bench.browser import all_sent, open_desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def asked(running, question, *values):
    """Rows of the database, read past the program."""
    with sqlite3.connect(f"file:{running.home / 'db.sqlite3'}?mode=ro", uri=True) as database:
        return database.execute(question, values).fetchall()


def last_item(running, slug):
    """One that no other test has in hand."""
    found = asked(
        running,
        "select i.id from annotate_item i join annotate_project p on p.id = i.project_id where p.slug = ?"
        " and i.purpose = 'work' order by i.id desc limit 1",
        slug,
    )
    return found[0][0]


def accepted(running, item):
    found = asked(running, "select accepted from annotate_gold where item_id = ?", item)
    return json.loads(found[0][0])


def open_check(page, running, slug):
    item = last_item(running, slug)
    page.goto(f"{running.url}/p/{slug}/quality/checks/{item}/")
    return item


def taken_out(page):
    page.keyboard.press("Enter")
    page.wait_for_url("**/quality/checks/")


def test_a_digit_gives_the_right_preference_and_enter_keeps_it(page, kinds):
    item = open_check(page, kinds, "pairs")
    page.keyboard.press("1")
    taken_out(page)

    assert accepted(kinds, item)["preference"] == ["first"]


def test_letters_and_digits_give_the_right_ranking(page, kinds):
    item = open_check(page, kinds, "ranking")
    for key in "b1a2c2":
        page.keyboard.press(key)
    standing = page.locator("[data-row=ranking]").evaluate_all("cards => cards.map(one => one.dataset.side)")
    assert standing[:3] == ["B", "A", "C"]
    page.keyboard.press("Shift+D")
    page.keyboard.press("4")
    taken_out(page)

    [ranking] = accepted(kinds, item)["ranking"]
    assert ranking == [[1], [0, 2], [3]]


def test_digits_go_down_the_rows_of_a_rating(page, kinds):
    item = open_check(page, kinds, "rating")
    rows = page.locator("[data-row=rating]").count()
    for _row in range(rows):
        page.keyboard.press("2")
    assert page.locator("[data-row=rating] input:checked").count() == rows
    taken_out(page)

    assert set(accepted(kinds, item)) == {"scores"}


def test_words_are_highlighted_by_keys(page, kinds):
    item = open_check(page, kinds, "marks")
    text = page.locator(".shown-spans").first
    text.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    assert page.locator(".span-list li").count() == 1
    taken_out(page)

    [spans] = accepted(kinds, item)["marks"]
    assert (spans[0]["candidate"], spans[0]["start"], spans[0]["label"]) == (0, 0, "wrong")


def test_an_answer_of_ones_own_is_changed_by_keys(page, kinds):
    open_desk(page, kinds.url, "pairs")
    mine = page.get_attribute("#desk", "data-assignment")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    all_sent(page)
    page.goto(f"{kinds.url}/p/pairs/mine/{mine}/")
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mine/")

    said = asked(
        kinds, "select answers from annotate_judgment where assignment_id = ? and state = 'current'", mine
    )
    assert json.loads(said[0][0])["preference"] == "tie"
