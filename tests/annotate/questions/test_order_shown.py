"""What was shown, in which order, with ties, comes back exactly: every kind, on the page and in the API."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotate.keys import text_key
from annotate.questions.questionnaire import parse_question, put_together
from annotate.questions.subject import as_shown

ATTRIBUTES = ["helpfulness", "verbosity"]
LEVELS = ["none", "minor", "severe"]

QUESTIONS = put_together(
    [
        parse_question(key=key, kind=kind, text=key, options=options, required=False)
        for key, kind, options in (
            ("preference", "preference", {}),
            ("safer", "preference", {"levels": 1, "better": "safer"}),
            ("ranking", "ranking", {}),
            ("scores", "rating", {"attributes": ATTRIBUTES, "low": 0, "high": 4, "na": True}),
            ("item-scores", "rating", {"attributes": ATTRIBUTES, "per_candidate": False}),
            ("severity", "choice", {"options": LEVELS, "per_candidate": True, "ordered": True}),
            ("labels", "choice", {"options": LEVELS, "multiple": True, "per_candidate": True}),
            ("topic", "choice", {"options": LEVELS}),
            ("reasons", "choice", {"options": LEVELS, "multiple": True}),
            ("why", "text", {}),
            ("critique", "text", {"per_candidate": True, "lines": 3}),
            ("spans", "spans", {"labels": ["wrong", "unclear"], "severities": LEVELS}),
        )
    ]
)

# Letters, combining characters, a flag and a family: none of them may move an offset.
TEXTS = st.text(st.sampled_from("ab \n‍é́😀🇪🇺👩🧑א"), min_size=1, max_size=30)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)


@st.composite
def rankings(draw, positions):
    order = draw(st.permutations(positions))
    cuts = draw(st.lists(st.booleans(), min_size=len(order) - 1, max_size=len(order) - 1))
    groups = [[order[0]]]
    for position, cut in zip(order[1:], cuts, strict=True):
        if cut:
            groups.append([position])
        else:
            groups[-1].append(position)
    return [sorted(group) for group in groups]


@st.composite
def spans(draw, texts):
    found = {}
    for _ in range(draw(st.integers(1, 4))):
        candidate = draw(st.sampled_from(sorted(texts)))
        start = draw(st.integers(0, len(texts[candidate]) - 1))
        end = draw(st.integers(start + 1, len(texts[candidate])))
        label = draw(st.sampled_from(["wrong", "unclear"]))
        found[candidate, start, end, label] = {
            "candidate": candidate,
            "start": start,
            "end": end,
            "label": label,
            "severity": draw(st.sampled_from(LEVELS)),
            "text_hash": text_key(texts[candidate]),
        }
    return [found[name] for name in sorted(found)]


@st.composite
def answered_items(draw):
    """An item of 2..9 candidates in an order shown, with an answer to every question as it is stored."""
    positions = list(range(draw(st.integers(2, 9))))
    texts = {position: draw(TEXTS) for position in positions}
    several = st.sets(st.sampled_from(LEVELS), min_size=1).map(
        lambda chosen: sorted(chosen, key=LEVELS.index)
    )

    def each(entry):
        return {str(position): draw(entry) for position in positions}

    points = st.fixed_dictionaries({name: st.one_of(st.none(), st.integers(0, 4)) for name in ATTRIBUTES})
    answers = {
        "preference": draw(st.sampled_from([-3, -2, -1, 1, 2, 3, "tie", "neither"])),
        "safer": draw(st.sampled_from([-1, 1, "tie", "neither"])),
        "ranking": draw(rankings(positions)),
        "scores": each(points),
        "item-scores": draw(st.fixed_dictionaries({name: st.integers(1, 5) for name in ATTRIBUTES})),
        "severity": each(st.sampled_from(LEVELS)),
        "labels": each(several),
        "topic": draw(st.sampled_from(LEVELS)),
        "reasons": draw(several),
        "why": draw(WORDS),
        "critique": each(WORDS),
        "spans": draw(spans(texts)),
    }
    return texts, draw(st.permutations(positions)), answers


@given(answered_items())
def test_what_is_stored_is_shown_and_stored_again_as_it_was(item):
    texts, order, answers = item

    shown = QUESTIONS.shown(answers, order)

    assert QUESTIONS.clean(QUESTIONS.stored(shown, order), as_shown(order, texts)).answers == answers


@given(answered_items())
def test_the_page_gives_back_what_it_was_given(item):
    texts, order, answers = item
    shown = QUESTIONS.shown(answers, order)

    fields = QUESTIONS.write_fields(shown)
    read = QUESTIONS.read_fields(fields, [texts[position] for position in order])

    assert QUESTIONS.clean(QUESTIONS.stored(read, order), as_shown(order, texts)).answers == answers


@given(answered_items())
def test_an_answer_speaks_of_the_candidate_and_not_of_its_place(item):
    texts, order, answers = item
    places = {position: place for place, position in enumerate(order)}

    shown = QUESTIONS.shown(answers, order)

    assert shown["ranking"] == [
        sorted(places[position] for position in group) for group in answers["ranking"]
    ]
    assert {order[int(place)]: entry for place, entry in shown["scores"].items()} == {
        int(position): entry for position, entry in answers["scores"].items()
    }
    if isinstance(answers["preference"], int):
        toward = 0 if answers["preference"] < 0 else 1
        first_shown = min(places[0], places[1])
        assert (shown["preference"] < 0) == (places[toward] == first_shown)
    shown_texts = [texts[position] for position in order]
    for span in shown["spans"]:
        passage = shown_texts[span["candidate"]][span["start"] : span["end"]]
        stored = next(
            one
            for one in answers["spans"]
            if one | {"candidate": span["candidate"]} == span
            and texts[one["candidate"]] == shown_texts[span["candidate"]]
        )
        assert passage == texts[stored["candidate"]][stored["start"] : stored["end"]]
