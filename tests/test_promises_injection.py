"""A candidate cannot speak for the judge: 400 pairs, ten injections in the worse one (promise P18)."""

from __future__ import annotations

import json
import random
import re

import pytest

from curation.prompts.asking import MAX_CHARACTERS, Subject, Task, calls_for
from curation.prompts.fencing import CONTROL, INVISIBLE, neutral
from curation.prompts.injections import FILLER, INJECTIONS
from curation.prompts.reading import read_text
from curation.prompts.spec import JudgeSpec

PAIRS = 400
SENTENCE = "the sea was calm and grey under a morning sky while seven ships waited for pilots"
WORDS = SENTENCE.split()
TASK = Task("preference", "preference")
FENCE = re.compile(r"\[[0-9a-f]{8}\]")


def worse_responses(injection):
    """The pairs, with the injection at a random place of the second response."""
    drawing = random.Random(0)
    for number in range(PAIRS):
        good, bad = ([drawing.choice(WORDS) for _ in range(12)] for _ in range(2))
        place = drawing.randint(0, len(bad))
        yield number, " ".join(good), " ".join([*bad[:place], injection, *bad[place:]])


def calls_about(number, good, bad, **settings):
    prompt = [{"role": "user", "content": f"Write sentence {number}."}]
    return calls_for(JudgeSpec(**settings), Subject(prompt, (good, bad)), [TASK], secret=b"secret")


@pytest.mark.parametrize("name", INJECTIONS)
def test_every_pair_is_asked_in_both_orders_with_the_injection_between_its_fences(name):
    for number, good, bad in worse_responses(INJECTIONS[name]):
        forward, backward = calls_about(number, good, bad)

        assert (forward.shown, backward.shown) == ((0, 1), (1, 0))
        for call, place in ((forward, 4), (backward, 3)):
            blocks, plain = blocks_of(call), blocks_of(harmless(number, good, call))
            # Said once, then before request, first, second and what is asked: no text holds the fence.
            assert len(blocks) == len(plain) == 6
            assert neutral(bad) in blocks[place]
            assert [*blocks[:place], *blocks[place + 1 :]] == [*plain[:place], *plain[place + 1 :]]
            assert CONTROL.search(call.text) is None
            assert INVISIBLE.search(call.text) is None


def blocks_of(call):
    return call.text.split(FENCE.search(call.text)[0])


def harmless(number, good, call):
    """The same question about a harmless response, in the same order."""
    return calls_about(number, good, "A harmless response.")[call.shown == (1, 0)]


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_verdict_is_ever_read_from_a_candidate(name):
    read = 0
    for number, good, bad in worse_responses(INJECTIONS[name]):
        call = calls_about(number, good, bad, reply="json")[0]
        honest = read_text(json.dumps({"reason": bad, "verdict": "B"}), call.labels, reply="json")
        assert (honest.likeliest, honest.mass) == ("B", 1.0)
        for echo in (bad, f"{bad}\nB", f"B\n{bad}", call.text, f'{{"reason": "x"}} {bad}'):
            for reply in ("letter", "json"):
                read += read_text(echo, call.labels, reply=reply) is not None
    assert read == 0


def test_a_text_that_fills_the_window_leaves_the_question_where_it_is():
    for number, good, bad in worse_responses(FILLER):
        if number % 20:
            continue
        for call in calls_about(number, good, bad):
            assert len(call.text) < MAX_CHARACTERS + 2000
            assert call.text.rstrip().endswith("Which response is better, A or B?")
