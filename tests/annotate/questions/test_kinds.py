"""Each kind says what it takes, and refuses the rest with a field and a cure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import InvalidAnswer, InvalidSetting
from annotate.keys import text_key
from annotate.questions.questionnaire import PARSERS, parse_question, put_together
from annotate.questions.subject import Subject

TEXTS = {0: "The cafe\u0301 is 👩‍🚀 open.", 1: "Closed.", 2: "Closed, then open."}
ABOUT = Subject((0, 1, 2), TEXTS)
HELPSTEER = {"attributes": ["helpfulness", "verbosity"], "low": 0, "high": 4}
SEVERITY = {"options": ["none", "minor", "severe"], "per_candidate": True, "ordered": True}


def ask(kind, options, *, required=True):
    return put_together(
        [parse_question(key="q", kind=kind, text="What?", options=options, required=required)]
    )


def clean(kind, options, value, *, required=True):
    return ask(kind, options, required=required).clean({"q": value}, ABOUT).answers.get("q")


def refusal(kind, options, value, *, required=True):
    with pytest.raises(InvalidAnswer) as refused:
        clean(kind, options, value, required=required)
    assert refused.value.message
    assert refused.value.cure
    return refused.value.field


@pytest.mark.parametrize("given", [-3, -2, -1, 1, 2, 3, "tie", "neither"])
def test_a_preference_is_stored_as_it_is(given):
    assert clean("preference", {}, given) == given


def test_zero_is_a_tie():
    assert clean("preference", {}, 0) == "tie"


@pytest.mark.parametrize("given", [4, -4, 1.0, True, False, "1", "Tie", [1], {"a": 1}, 10**30, None, ""])
def test_what_is_no_preference_is_refused(given):
    assert refusal("preference", {}, given) == "q"


@pytest.mark.parametrize("given", ["tie", 0, "neither"])
def test_a_project_may_do_without_ties_and_neither(given):
    assert refusal("preference", {"tie": False, "neither": False}, given) == "q"


@pytest.mark.parametrize(("levels", "given"), [(1, 2), (1, -3), (2, 3)])
def test_a_strength_beyond_the_levels_is_refused(levels, given):
    assert refusal("preference", {"levels": levels}, given) == "q"


def test_a_preference_needs_two_responses():
    with pytest.raises(InvalidAnswer):
        ask("preference", {}).clean({"q": 1}, Subject((0,)))


def test_a_ranking_keeps_its_groups_and_sorts_within_them():
    assert clean("ranking", {}, [[2], [1, 0]]) == [[2], [0, 1]]


@pytest.mark.parametrize(
    "given",
    [
        "abc",
        3,
        [0, 1, 2],
        [[0], [1]],
        [[0], [1], [2], [2]],
        [[0], [1], [3]],
        [[0], [], [1], [2]],
        [[True], [0], [2]],
    ],
)
def test_a_ranking_names_every_response_once(given):
    assert refusal("ranking", {}, given) == "q"


def test_a_ranking_may_do_without_ties():
    assert refusal("ranking", {"ties": False}, [[0, 1], [2]]) == "q"
    assert clean("ranking", {"ties": False}, [[1], [0], [2]]) == [[1], [0], [2]]


def test_ratings_are_kept_by_candidate_in_the_order_of_the_attributes():
    given = {str(one): {"verbosity": 1, "helpfulness": one} for one in (2, 1, 0)}

    cleaned = clean("rating", HELPSTEER, given)

    assert list(cleaned) == ["0", "1", "2"]
    assert list(cleaned["0"]) == ["helpfulness", "verbosity"]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"helpfulness": 5, "verbosity": 1}, "q.1.helpfulness"),
        ({"helpfulness": -1, "verbosity": 1}, "q.1.helpfulness"),
        ({"helpfulness": 1.0, "verbosity": 1}, "q.1.helpfulness"),
        ({"helpfulness": True, "verbosity": 1}, "q.1.helpfulness"),
        ({"helpfulness": None, "verbosity": 1}, "q.1.helpfulness"),
        ({"helpfulness": 1}, "q.1.verbosity"),
        ({"helpfulness": 1, "verbosity": 1, "mood": 1}, "q.1.mood"),
        (None, "q.1"),
        (4, "q.1"),
    ],
)
def test_a_rating_that_is_none_names_its_candidate_and_attribute(entry, field):
    good = {"helpfulness": 1, "verbosity": 1}

    assert refusal("rating", HELPSTEER, {"0": good, "1": entry, "2": good}) == field


def test_not_applicable_is_kept_apart_from_missing():
    given = {str(one): {"helpfulness": None, "verbosity": 1} for one in range(3)}

    assert clean("rating", HELPSTEER | {"na": True}, given) == given
    partial = {"1": {"verbosity": 3}}
    assert clean("rating", HELPSTEER, partial, required=False) == partial


@pytest.mark.parametrize("given", ["mild", ["none"], 1, {"0": "none"}])
def test_a_choice_is_one_of_its_values(given):
    assert refusal("choice", {"options": ["none", "minor"]}, given) == "q"


def test_several_choices_are_kept_in_the_order_of_the_options():
    options = {"options": ["a", "b", "c"], "multiple": True}

    assert clean("choice", options, ["c", "a"]) == ["a", "c"]
    assert refusal("choice", options, ["a", "a"]) == "q"
    assert refusal("choice", options, []) == "q"


def test_a_choice_for_each_response_needs_each_response():
    assert refusal("choice", SEVERITY, {"0": "none", "1": "minor"}) == "q.2"
    assert refusal("choice", SEVERITY, {"0": "none", "1": "minor", "2": "none", "3": "none"}) == "q.3"


@pytest.mark.parametrize("given", ["too long", "nul\x00", "\ud800", 5, "  a  "])
def test_text_that_cannot_be_kept_is_refused(given):
    assert refusal("text", {"max_length": 7, "min_length": 2}, given) == "q"


def test_spans_count_code_points_and_name_the_text_they_were_made_on():
    start = TEXTS[0].index("👩")
    span = {"candidate": 0, "start": start, "end": start + 3, "label": "odd"}

    (kept,) = clean("spans", {"labels": ["odd"]}, [span])

    assert TEXTS[0][kept["start"] : kept["end"]] == "👩‍🚀"
    assert kept["text_hash"] == text_key(TEXTS[0])
    assert kept["severity"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"candidate": 3}, "candidate"),
        ({"candidate": True}, "candidate"),
        ({"start": -1}, "start"),
        ({"start": 3}, "start"),
        ({"end": 8}, "start"),
        ({"start": None}, "start"),
        ({"label": "even"}, "label"),
        ({"severity": "mild"}, "severity"),
        ({"text_hash": text_key("Open.")}, "text_hash"),
    ],
)
def test_a_span_that_marks_nothing_is_refused(change, field):
    span = {"candidate": 1, "start": 0, "end": 3, "label": "odd", "severity": "minor"} | change

    assert refusal("spans", {"labels": ["odd"], "severities": ["minor"]}, [span]) == f"q[0].{field}"


def test_overlapping_spans_may_be_refused():
    spans = [{"candidate": 1, "start": at, "end": at + 2, "label": "odd"} for at in (0, 1)]

    assert len(clean("spans", {"labels": ["odd"]}, spans)) == 2
    assert refusal("spans", {"labels": ["odd"], "overlap": False}, spans) == "q"


def test_a_passage_is_found_by_its_words_where_there_is_no_script():
    asked = ask("spans", {"labels": ["odd"]})
    fields = {
        "answer_q.1.side": ["C"],
        "answer_q.1.quote": ["e"],
        "answer_q.1.nth": ["2"],
        "answer_q.1.label": ["odd"],
    }

    read = asked.read_fields(fields, [TEXTS[1], TEXTS[0], TEXTS[2]])

    assert [(span["candidate"], span["start"], span["end"]) for span in read["q"]] == [(2, 10, 11)]


def test_words_that_are_not_in_the_response_are_refused():
    asked = ask("spans", {"labels": ["odd"]})
    fields = {"answer_q.1.side": ["A"], "answer_q.1.quote": ["nowhere"], "answer_q.1.label": ["odd"]}
    read = asked.read_fields(fields, list(TEXTS.values()))

    with pytest.raises(InvalidAnswer):
        asked.clean(read, ABOUT)


def test_a_correction_that_changes_nothing_is_none():
    asked = ask("text", {"correction": True}, required=False)
    fields = {"answer_q.A": [TEXTS[0]], "answer_q.B": ["Open."]}

    assert asked.read_fields(fields, list(TEXTS.values())) == {"q": {"1": "Open."}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("preference", {}),
        ("ranking", {}),
        ("rating", HELPSTEER),
        ("choice", SEVERITY),
        ("text", {"per_candidate": True}),
        ("spans", {"labels": ["odd"]}),
    ],
)
@given(value=JSON, order=st.permutations([0, 1, 2]))
def test_whatever_is_sent_is_stored_or_refused(kind, options, value, order):
    asked = ask(kind, options, required=False)
    stored, refused = {}, None
    try:
        stored = asked.clean(asked.stored({"q": value}, order), ABOUT).answers
    except InvalidAnswer as trouble:
        refused = trouble

    assert refused is None or refused.field.startswith("q")
    assert asked.clean(stored, ABOUT).answers == stored


@given(st.sampled_from(sorted(PARSERS)), st.dictionaries(st.text(max_size=12), JSON, max_size=3))
def test_options_are_read_or_refused(kind, options):
    spec, refused = None, None
    try:
        spec = parse_question(key="q", kind=kind, text="?", options=options)
    except InvalidSetting as trouble:
        refused = trouble

    kept = spec.options_as_dict() if spec else {}
    assert spec is None or parse_question(key="q", kind=kind, text="?", options=kept) == spec
    assert refused is None or refused.cure


@pytest.mark.parametrize(
    ("kind", "options", "field"),
    [
        ("mood", {}, "kind"),
        ("preference", {"levels": 4}, "levels"),
        ("preference", {"middle": True}, "options"),
        ("ranking", {"ties": "yes"}, "ties"),
        ("rating", {}, "attributes"),
        ("rating", {"attributes": ["a", "a"]}, "attributes"),
        ("rating", {"attributes": ["a"], "low": 0, "high": 11}, "high"),
        ("rating", {"attributes": ["a"], "labels": {"9": "nine"}}, "labels"),
        ("rating", {"attributes": ["not a key"]}, "attributes[0].value"),
        ("choice", {"options": ["only"]}, "options"),
        ("text", {"min_length": 9, "max_length": 5}, "min_length"),
        ("spans", {}, "labels"),
        ("text", {"when": {"question": "q", "any_of": []}}, "when.any_of"),
        ("text", {"when": "always"}, "when"),
    ],
)
def test_options_that_make_no_question_name_their_field(kind, options, field):
    with pytest.raises(InvalidSetting) as refused:
        parse_question(key="q", kind=kind, text="?", options=options)

    assert refused.value.field == field
    assert refused.value.cure


def test_what_is_kept_of_a_question_makes_the_same_question():
    for kind, options in (
        ("rating", HELPSTEER | {"labels": {"0": "bad", "4": "good"}, "help": "Take your time."}),
        ("choice", SEVERITY),
        ("spans", {"labels": [{"value": "odd", "text": "Odd", "help": "Strange."}]}),
        ("text", {"when": {"question": "p", "any_of": ["tie"]}}),
    ):
        spec = parse_question(key="q", kind=kind, text="?", options=options)
        assert parse_question(key="q", kind=kind, text="?", options=spec.options_as_dict()) == spec


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, [-3, -2, -1, 1, 2, 3, "tie", "neither"]),
        ({"levels": 2}, [-2, -2, -1, 1, 2, 2, "tie", "neither"]),
        ({"levels": 1, "tie": False, "neither": False}, [-1, -1, -1, 1, 1, 1, None, None]),
    ],
)
def test_an_answer_on_the_whole_scale_is_told_on_the_one_asked(options, told):
    asked = ask("preference", options)
    whole = [-3, -2, -1, 1, 2, 3, "tie", "neither"]

    assert [asked.nearest({"q": value}).get("q") for value in whole] == told
