"""Every kind of question, answered by keys alone and by pointer alone, and stored about the texts as kept."""

from __future__ import annotations

import json
import sqlite3

import pytest

from bench.browser import all_sent, open_desk
from bench.kinds import MARKED

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


class Kind:
    """The desk of one project, and what was stored of the item it shows."""

    def __init__(self, page, running, slug):
        self.page, self.running = page, running
        open_desk(page, running.url, slug)
        self.item = page.get_attribute("#desk", "data-assignment")

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def checked(self, name):
        return self.page.locator(f"[name='{name}']:checked").evaluate_all("all => all.map(one => one.value)")

    def stored(self):
        """The answers, and the order in which the candidates were shown."""
        self.page.wait_for_function(
            "item => document.getElementById('desk').dataset.assignment !== item", arg=self.item
        )
        all_sent(self.page)
        with sqlite3.connect(f"file:{self.running.home / 'db.sqlite3'}?mode=ro", uri=True) as database:
            row = database.execute(
                "select answers, shown_order from annotate_judgment"
                " where assignment_id = ? and state = 'current'",
                [self.item],
            ).fetchone()
        return json.loads(row[0]), json.loads(row[1])


def by_place(answers, order):
    """Per candidate as stored, told by the place where it was shown."""
    return [answers[str(position)] for position in order]


@pytest.mark.parametrize(
    ("key", "value"), [("1", -3), ("7", 3), ("a", -1), ("b", 1), ("e", "tie"), ("n", "neither")]
)
def test_a_preference_by_key(page, kinds, key, value):
    desk = Kind(page, kinds, "pairs")
    desk.keys(key)
    assert page.evaluate("document.activeElement.value") == page.locator(".stop input:checked").input_value()
    desk.keys("Enter")

    answers, order = desk.stored()

    flipped = -value if isinstance(value, int) and order[0] > order[1] else value
    assert answers == {"preference": flipped}


def test_a_preference_and_its_reason_by_pointer(page, kinds):
    desk = Kind(page, kinds, "pairs")
    page.click(".stop >> nth=5")
    page.fill("[name=answer_why]", "clearer")
    page.click("button.submit")

    answers, order = desk.stored()

    assert answers == {"preference": -2 if order[0] > order[1] else 2, "why": "clearer"}


def test_a_ranking_by_digits_with_a_tie(page, kinds):
    desk = Kind(page, kinds, "ranking")
    desk.keys("b", "1", "a", "2", "Shift+D", "2", "c", "3", "Enter")

    answers, order = desk.stored()

    places = [[order.index(position) for position in group] for group in answers["ranking"]]
    assert [sorted(group) for group in places] == [[1], [0, 3], [2]]


def test_a_ranking_by_arrows(page, kinds):
    desk = Kind(page, kinds, "ranking")
    desk.keys("c", "Alt+ArrowUp", "Alt+ArrowUp", "Enter")

    answers, order = desk.stored()

    assert [[order.index(one) for one in group] for group in answers["ranking"]] == [[2], [0], [1], [3]]


def test_a_ranking_by_dragging(page, kinds):
    desk = Kind(page, kinds, "ranking")
    handle = page.locator(".rank[data-side=D] [data-drag]").bounding_box()
    first = page.locator(".rank[data-side=A]").bounding_box()
    page.mouse.move(handle["x"] + 10, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 10, first["y"] + 60, steps=4)
    page.mouse.move(handle["x"] + 10, first["y"] + 2, steps=4)
    page.mouse.up()
    page.click("button.submit")

    answers, order = desk.stored()

    assert [[order.index(one) for one in group] for group in answers["ranking"]] == [[3], [0], [1], [2]]


def test_ratings_by_digits_and_arrows(page, kinds):
    desk = Kind(page, kinds, "rating")
    desk.keys("4", "3", "n", "0", "1", "2", "ArrowUp", "ArrowUp", "4", "Enter")

    answers, order = desk.stored()

    assert by_place(answers["scores"], order) == [
        {"helpfulness": 4, "correctness": 3, "verbosity": None},
        {"helpfulness": 4, "correctness": 1, "verbosity": 2},
    ]


def test_ratings_by_pointer(page, kinds):
    desk = Kind(page, kinds, "rating")
    for number in range(6):
        page.locator(".attribute").nth(number).locator(".point").nth(number % 5).click()
    page.click("button.submit")

    answers, order = desk.stored()

    assert [list(one.values()) for one in by_place(answers["scores"], order)] == [[0, 1, 2], [3, 4, 0]]


def test_choices_and_words_by_keys_with_a_question_that_is_asked_after_another(page, kinds):
    desk = Kind(page, kinds, "choices")
    assert not page.is_visible("[data-question=reasons]")
    desk.keys("3", "1", "3", "ArrowDown", "2", "t")
    page.keyboard.type("Because it is so 3 times.")
    desk.keys("Control+Enter")

    answers, _order = desk.stored()

    assert answers["reasons"] == ["correct", "safe"]
    assert (answers["sure"], answers["note"]) == ("fairly", "Because it is so 3 times.")


def test_a_question_that_is_no_longer_asked_is_not_answered(page, kinds):
    desk = Kind(page, kinds, "choices")
    page.click(".stop >> nth=0")
    page.click("[data-question=reasons] .choice >> nth=1")
    page.click(".stop.neither")
    assert not page.is_visible("[data-question=reasons]")
    page.click("[data-question=sure] .choice >> nth=2")
    page.fill("[name=answer_note]", "Both are wrong.")
    page.click("button.submit")

    answers, _order = desk.stored()

    assert answers == {"preference": "neither", "sure": "certain", "note": "Both are wrong."}


def test_what_is_missing_is_named_and_taken_in_hand(page, kinds):
    desk = Kind(page, kinds, "choices")
    desk.keys("3", "Enter")
    page.wait_for_selector("#messages >> text=How sure are you?")

    assert page.locator(".in-hand input >> nth=0").get_attribute("name") == "answer_sure"


def passages(answers, order, place):
    text = f"{MARKED}\n\n"
    found = [one for one in answers["marks"] if one["candidate"] == order[place]]
    return [(text[one["start"] : one["end"]], one["label"], one["severity"]) for one in found]


def marked_side(page):
    """Where the text with the emoji and the combining mark stands."""
    return next(letter for letter in "AB" if "cooks" in page.inner_text(f".shown-spans[data-side={letter}]"))


def test_passages_by_keys_count_code_points(page, kinds):
    desk = Kind(page, kinds, "marks")
    side = marked_side(page)
    page.focus(f".shown-spans[data-side={side}]")
    # The first word has a combining mark, and the third "word" is a family of five code points.
    desk.keys("ArrowRight", "1")
    page.focus(f".shown-spans[data-side={side}]")
    desk.keys("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "2")
    page.click("[data-question=usable] .choice >> nth=0")
    desk.keys("Enter")

    answers, order = desk.stored()

    found = passages(answers, order, "AB".index(side))
    assert found[0] == ("Nai\u0308ve", "wrong", "minor")
    assert found[1][0].startswith("Nai\u0308ve cooks \U0001f469\u200d\U0001f469\u200d\U0001f467")


def test_passages_by_pointer_survive_a_reload_and_can_be_removed(page, kinds):
    desk = Kind(page, kinds, "marks")
    side = marked_side(page)

    def select(words):
        page.evaluate(
            """([side, words]) => {
                const text = document.querySelector(`.shown-spans[data-side=${side}]`);
                const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
                for (let node; (node = walker.nextNode());) {
                    const at = node.data.indexOf(words);
                    if (at < 0) continue;
                    const range = document.createRange();
                    range.setStart(node, at);
                    range.setEnd(node, at + words.length);
                    getSelection().removeAllRanges();
                    getSelection().addRange(range);
                }
            }""",
            [side, words],
        )

    page.click("[data-severity][value=major]")
    select("no salt")
    page.click("[data-label=wrong]")
    select("bread")
    page.click("[data-label=unclear]")
    page.reload()
    page.wait_for_selector(".span-list li >> nth=1")
    page.click(".span-list li:has-text('bread') button")
    page.click("[data-question=usable] .choice >> nth=1")
    page.click("button.submit")

    answers, order = desk.stored()

    assert passages(answers, order, "AB".index(side)) == [("no salt", "wrong", "major")]


def test_formulas_are_drawn_code_is_coloured_and_names_are_withheld(page, kinds):
    Kind(page, kinds, "pairs")
    page.wait_for_selector(".desk-sides .katex")

    assert page.locator(".desk-sides .shown-prose .kn").count() == 1
    assert "ChatGPT" not in page.content()
    assert page.locator(".maths:not([data-drawn])").count() == 0


def test_differences_and_raw_text_by_key(page, kinds):
    desk = Kind(page, kinds, "pairs")
    desk.keys("d")
    marked = page.locator(".shown-diff mark").all_inner_texts()
    shown = page.locator(".shown-diff").all_inner_texts()
    assert any("beautiful" in words for words in marked)
    assert all("joins five numbers" not in words for words in marked)
    desk.keys("r")

    assert page.locator(".shown-raw").all_inner_texts() == shown
    assert not page.is_visible(".shown-diff")


def test_skip_and_flag_with_reasons_and_undo(page, kinds):
    desk = Kind(page, kinds, "pairs")
    prompt = page.locator(".desk-sides").inner_text()
    desk.keys("s", "Enter")
    page.wait_for_selector("text=Skipped")
    desk.keys("u")
    page.wait_for_selector("text=Opened again")
    assert page.locator(".desk-sides").inner_text() == prompt
    desk.keys("f", "4", "Enter")
    page.wait_for_selector("text=Flagged")
    desk.keys("u")
    page.wait_for_selector("text=Opened again")

    assert page.locator(".desk-sides").inner_text() == prompt
