from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from annotate.readers.rows import CandidateRow, Defect, FileRefused, ItemRow, JudgmentRow, Message
from tests.annotate.readers.conftest import ReadRows

LABEL = JudgmentRow(judge="dataset label", kind="person", answers={"preference": -1})
GOOD = {"id": "good", "prompt": "p", "candidates": [{"text": "a"}, {"text": "b"}]}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def judged(**changes: Any) -> dict[str, Any]:
    judgment = {"judge": "ann", "kind": "person", "answers": {"preference": 1}} | changes
    return GOOD | {"id": "bad", "judgments": [judgment]}


def test_own_row_comes_in_with_everything_it_says(read_rows: ReadRows) -> None:
    row = {
        "id": "q1",
        "prompt": [{"role": "system", "content": ""}, user("Why?")],
        "candidates": [{"text": "One", "model": "m1"}, {"text": "", "prompt": "Why then?"}],
        "judgments": [
            {
                "judge": "ann",
                "kind": "person",
                "answers": {"preference": 0, "comment": ["x"]},
                "order": [1, 0],
                "seconds": 3,
                "at": "2025-03-01T12:00:00+01:00",
            },
            {
                "judge": "gpt",
                "kind": "model",
                "version": "v1",
                "answers": {"preference": "invalid", "why": "?"},
            },
            {"judge": "gpt", "kind": "model", "version": "v2", "answers": None},
        ],
        "meta": {"source": "s"},
        "pk": 7,
    }

    assert read_rows(row) == [
        ItemRow(
            line=1,
            record=1,
            external_id="q1",
            prompt=(Message("system", ""), Message("user", "Why?")),
            candidates=(CandidateRow("One", "m1"), CandidateRow("", "", (Message("user", "Why then?"),))),
            judgments=(
                JudgmentRow(
                    judge="ann",
                    kind="person",
                    answers={"preference": "tie", "comment": ["x"]},
                    order=(1, 0),
                    seconds=3.0,
                    at=datetime(2025, 3, 1, 11, tzinfo=UTC),
                ),
                JudgmentRow(
                    judge="gpt",
                    kind="model",
                    answers={"why": "?"},
                    unparseable=True,
                    raw={"preference": "invalid", "why": "?"},
                    version="v1",
                ),
                JudgmentRow(judge="gpt", kind="model", answers={}, unparseable=True, version="v2"),
            ),
            meta={"source": "s", "pk": 7},
        )
    ]


@pytest.mark.parametrize(
    "candidates", [{}, {"candidates": []}, {"candidates": None}, {"candidates": [{"text": "only"}]}]
)
def test_own_row_may_wait_for_candidates(candidates: dict[str, Any], read_rows: ReadRows) -> None:
    made = tuple(CandidateRow(entry["text"]) for entry in candidates.get("candidates") or [])

    assert read_rows({"id": "q", "prompt": "p"} | candidates) == [
        ItemRow(1, 1, "q", (Message("user", "p"),), made)
    ]


def test_what_messages_and_candidates_carry_beside_is_kept(read_rows: ReadRows) -> None:
    row = {
        "id": "q",
        "prompt": [user("p") | {"name": "Ann", "tool_calls": None}],
        "candidates": [{"text": "a", "rank": 3}, {"text": "b"}],
    }

    (item,) = read_rows(row)

    assert isinstance(item, ItemRow)
    assert item.meta == {"unrecognised": {"prompt[0]": {"name": "Ann"}, "candidates[0]": {"rank": 3}}}


def test_how_a_candidate_was_made_stays_with_it(read_rows: ReadRows) -> None:
    made = {"revision": "r", "parameters": {"top_p": 0.9}, "seed": 7, "tokens": 3, "seconds": 0.5}

    (item,) = read_rows({"id": "q", "prompt": "p", "candidates": [{"text": "a"} | made, {"text": "b"}]})

    assert isinstance(item, ItemRow)
    assert item.candidates == (CandidateRow("a", made=made), CandidateRow("b"))
    assert item.meta == {}


def test_flat_row_is_a_pair(read_rows: ReadRows) -> None:
    row = {"id": "f", "prompt": "p", "response_a": "a", "response_b": "b", "model_a": "m", "is_staff": True}

    assert read_rows(row) == [
        ItemRow(
            1,
            1,
            "f",
            (Message("user", "p"),),
            (CandidateRow("a", "m"), CandidateRow("b")),
            (),
            {"is_staff": True},
        )
    ]


@pytest.mark.parametrize(
    ("row", "prompt", "candidates", "meta"),
    [
        pytest.param(
            {"prompt": "The sky", "chosen": " is blue", "rejected": " is green", "margin": 0.5},
            (Message("user", "The sky"),),
            (CandidateRow(" is blue"), CandidateRow(" is green")),
            {"margin": 0.5},
            id="explicit standard",
        ),
        pytest.param(
            {"prompt": [user("Hi")], "chosen": [assistant("Hello")], "rejected": [assistant("Go")]},
            (Message("user", "Hi"),),
            (CandidateRow("Hello"), CandidateRow("Go")),
            {},
            id="explicit conversational",
        ),
        pytest.param(
            {"chosen": "The sky is grey.", "rejected": "The sky is green."},
            (Message("user", "The sky is "),),
            (CandidateRow("grey."), CandidateRow("green.")),
            {},
            id="implicit standard",
        ),
        pytest.param(
            {"chosen": [user("Hi"), assistant("Hello")], "rejected": [user("Hi"), assistant("Go")]},
            (Message("user", "Hi"),),
            (CandidateRow("Hello"), CandidateRow("Go")),
            {},
            id="implicit conversational",
        ),
        pytest.param(
            {
                "chosen": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Bye\n\nAssistant: See you",
                "rejected": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Bye\n\nAssistant: See what?",
            },
            (Message("user", "Hi"), Message("assistant", "Yes?"), Message("user", "Bye")),
            (CandidateRow("See you"), CandidateRow("See what?")),
            {},
            id="transcript",
        ),
        pytest.param(
            {
                "chosen": [user("Hi"), assistant("Yes?"), user("Bye"), assistant("See you")],
                "rejected": [user("Hi"), assistant("No")],
            },
            (Message("user", "Hi"),),
            (
                CandidateRow(
                    "See you",
                    prompt=(Message("user", "Hi"), Message("assistant", "Yes?"), Message("user", "Bye")),
                ),
                CandidateRow("No"),
            ),
            {},
            id="sides that part early",
        ),
        pytest.param(
            {"prompt": "Hi", "chosen": [user("Hi"), assistant("A")], "rejected": [user("Hi"), assistant("")]},
            (Message("user", "Hi"),),
            (CandidateRow("A"), CandidateRow("")),
            {"prompt": "Hi"},
            id="prompt beside whole conversations",
        ),
    ],
)
def test_preference_row_becomes_a_labelled_pair(
    row: dict[str, Any],
    prompt: tuple[Message, ...],
    candidates: tuple[CandidateRow, CandidateRow],
    meta: dict[str, Any],
    read_rows: ReadRows,
) -> None:
    assert read_rows(row | {"id": 12}) == [ItemRow(1, 1, "12", prompt, candidates, (LABEL,), meta)]


def test_preference_row_without_id_is_named_by_its_content(read_rows: ReadRows) -> None:
    row = {"prompt": "p", "chosen": "a", "rejected": "b"}

    first, other, again = read_rows(row, row | {"chosen": "c"}, dict(reversed(row.items())))

    assert isinstance(first, ItemRow)
    assert isinstance(other, ItemRow)
    assert isinstance(again, Defect)
    content = b'{"chosen": "a", "prompt": "p", "rejected": "b"}'
    assert first.external_id == "sha-" + hashlib.sha256(content).hexdigest()[:24]
    assert other.external_id != first.external_id
    assert (again.line, again.code, again.message) == (3, "duplicate_id", "the id was first seen on line 1")


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (GOOD | {"id": 5}, "wrong_type", "id"),
        (GOOD | {"id": "bad", "prompt": []}, "blank", "prompt"),
        (GOOD | {"id": "bad", "prompt": [user(" ")]}, "blank", "prompt"),
        (GOOD | {"id": "bad", "prompt": [{"role": "king", "content": "x"}]}, "bad_value", "prompt[0].role"),
        (GOOD | {"id": "bad", "prompt": [{"role": "user"}]}, "missing_field", "prompt[0].content"),
        (GOOD | {"id": "bad", "candidates": {}}, "wrong_type", "candidates"),
        (GOOD | {"id": "bad", "candidates": ["a"]}, "wrong_type", "candidates[0]"),
        (GOOD | {"id": "bad", "candidates": [{"text": None}]}, "wrong_type", "candidates[0].text"),
        (
            GOOD | {"id": "bad", "candidates": [{"text": "a"}] * 2},
            "identical_candidates",
            "candidates[1].text",
        ),
        (
            GOOD | {"id": "bad", "candidates": [{"text": "a", "model": 1}]},
            "wrong_type",
            "candidates[0].model",
        ),
        (
            GOOD | {"id": "bad", "candidates": [{"text": "a", "seed": "1"}]},
            "wrong_type",
            "candidates[0].seed",
        ),
        (GOOD | {"id": "bad", "meta": []}, "wrong_type", "meta"),
        (GOOD | {"id": "bad", "meta": {"pk": 1}, "pk": 2}, "duplicate_key", "meta"),
        (GOOD | {"id": "bad", "judgments": {}}, "wrong_type", "judgments"),
        (judged(kind="robot"), "bad_value", "judgments[0].kind"),
        (judged(judge=" "), "blank", "judgments[0].judge"),
        (judged(judge="x" * 201), "too_long", "judgments[0].judge"),
        (judged(version="x" * 121), "too_long", "judgments[0].version"),
        (judged(answers=None), "wrong_type", "judgments[0].answers"),
        (judged(answers={}), "missing_field", "judgments[0].answers.preference"),
        (judged(answers={"preference": True}), "bad_value", "judgments[0].answers.preference"),
        (judged(answers={"preference": 1.0}), "bad_value", "judgments[0].answers.preference"),
        (judged(answers={"preference": "both"}), "bad_value", "judgments[0].answers.preference"),
        (judged(answers={"preference": None}), "bad_value", "judgments[0].answers.preference"),
        (judged() | {"candidates": [{"text": "a"}]}, "bad_value", "judgments[0].answers.preference"),
        (judged(order=[0, 0]), "bad_value", "judgments[0].order"),
        (judged(order=[False, True]), "bad_value", "judgments[0].order"),
        (judged(seconds=-1), "bad_value", "judgments[0].seconds"),
        (judged(seconds="3"), "wrong_type", "judgments[0].seconds"),
        (judged(at="2025-03-01T12:00:00"), "bad_value", "judgments[0].at"),
        (judged(at="0001-01-01T00:00:00+14:00"), "bad_value", "judgments[0].at"),
        (judged(at="yesterday"), "bad_value", "judgments[0].at"),
    ],
)
def test_fault_in_own_row_is_named(row: dict[str, Any], code: str, field: str, read_rows: ReadRows) -> None:
    good, bad = read_rows(GOOD, row)

    assert isinstance(good, ItemRow)
    assert isinstance(bad, Defect)
    assert (bad.line, bad.record, bad.code, bad.field) == (2, 2, code, field)


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"chosen": "b", "rejected": "c"}, "missing_field", "prompt"),
        ({"prompt": "p", "chosen": "b"}, "missing_field", "rejected"),
        ({"prompt": "p", "chosen": [assistant("b")], "rejected": [assistant("c")]}, "wrong_type", "chosen"),
        ({"prompt": "p", "chosen": "b", "rejected": " "}, "blank", "rejected"),
        ({"prompt": "p", "chosen": "b", "rejected": "b"}, "identical_candidates", "rejected"),
        ({"prompt": "p", "chosen": "b", "rejected": None}, "wrong_type", "rejected"),
        ({"id": "x", "prompt": "p", "response_a": "a", "response_b": "b"}, "missing_field", "chosen"),
        (GOOD, "missing_field", "chosen"),
    ],
)
def test_fault_in_preference_row_is_named(
    row: dict[str, Any], code: str, field: str, read_rows: ReadRows
) -> None:
    _, bad = read_rows({"prompt": "p", "chosen": "a", "rejected": "b"}, row)

    assert isinstance(bad, Defect)
    assert (bad.line, bad.code, bad.field) == (2, code, field)


def test_sides_without_a_common_beginning_have_no_prompt(read_rows: ReadRows) -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows({"chosen": "Yes", "rejected": "No"}, {"chosen": "Yes", "rejected": "Yes or no"})

    assert [(defect.line, defect.code, defect.field) for defect in refused.value.defects] == [
        (1, "missing_field", "prompt"),
        (2, "missing_field", "prompt"),
    ]


def test_conversation_must_end_with_the_assistant(read_rows: ReadRows) -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(
            {"prompt": [user("p")], "chosen": [assistant("a"), user("b")], "rejected": [assistant("c")]}
        )

    assert [(defect.code, defect.field) for defect in refused.value.defects] == [("bad_value", "chosen")]


def test_file_of_own_rows_does_not_swallow_a_flat_row(read_rows: ReadRows) -> None:
    _, bad = read_rows(GOOD, {"id": "x", "prompt": "p", "response_a": "a", "response_b": "b"})

    assert isinstance(bad, Defect)
    assert (bad.code, bad.field) == ("missing_field", None)


def test_defect_never_shows_the_text_of_the_row(read_rows: ReadRows) -> None:
    secret = "s3cret-canary"
    rows = [
        {"id": secret, "prompt": secret},
        {"id": secret, "prompt": secret},
        {"id": "b", "prompt": 1, secret: [secret]},
        judged(answers={"preference": secret}),
        judged(kind=secret),
        judged(at=secret),
        {"id": "c", "prompt": [{"role": secret, "content": secret}]},
    ]

    defects = [found for found in read_rows(*rows) if isinstance(found, Defect)]

    assert [defect.line for defect in defects] == [2, 3, 4, 5, 6, 7]
    assert secret not in repr(defects)
