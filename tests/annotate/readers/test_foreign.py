"""Files of other tools and published sets come in as items with their judgments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.readers.foreign import SOURCES
from annotate.readers.foreign.mapping import guess, mapped
from annotate.readers.reading import read_items
from annotate.readers.rows import Defect, FileRefused, ItemRow


def read(
    tmp_path: Path, content: Any, source: str = "", *, name: str = "file.json", mapping=None
) -> list[Any]:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    convert = mapped(mapping) if mapping else SOURCES[source].convert
    return list(read_items(path, convert=convert))


def one(tmp_path: Path, content: Any, source: str) -> ItemRow:
    (item,) = read(tmp_path, content, source)
    assert isinstance(item, ItemRow), item
    return item


def said(item: ItemRow) -> list[tuple[str, str, Any]]:
    return [(judged.judge, judged.kind, judged.answers) for judged in item.judgments]


def test_argilla_records_bring_their_responses_and_suggestions(tmp_path):
    record = {
        "id": "r-1",
        "fields": {"prompt": "Why?", "response-1": "So.", "response-2": "No."},
        "metadata": {"topic": "bread"},
        "responses": {
            "preference": [{"value": "response-2", "user_id": "u1"}, {"value": "tie", "user_id": "u2"}],
            "comment": [{"value": "clear", "user_id": "u1"}],
        },
        "suggestions": {"preference": {"value": "response-1", "agent": "judge-7b"}},
    }
    item = one(tmp_path, [record], "argilla")

    assert [candidate.text for candidate in item.candidates] == ["So.", "No."]
    assert said(item) == [
        ("argilla user u1", "person", {"preference": 1, "comment": "clear"}),
        ("argilla user u2", "person", {"preference": "tie"}),
        ("judge-7b", "model", {"preference": -1}),
    ]
    assert item.meta == {"topic": "bread"}


def test_flattened_argilla_rankings_keep_ties_and_leave_drafts_out(tmp_path):
    record = {
        "id": "r-2",
        "instruction": "Rank.",
        "response_a": "one",
        "response_b": "two",
        "response_c": "three",
        "rank.responses": [
            [
                {"value": "response_a", "rank": 2},
                {"value": "response_b", "rank": 1},
                {"value": "response_c", "rank": 2},
            ],
            [],
        ],
        "rank.responses.users": ["u1", "u2"],
        "rank.responses.status": ["submitted", "draft"],
    }
    item = one(tmp_path, json.dumps(record) + "\n", "argilla")

    assert said(item) == [("argilla user u1", "person", {"ranking": [[1], [0, 2]]})]


def test_label_studio_tasks_bring_pairs_rankings_and_predictions(tmp_path):
    task = {
        "id": 7,
        "data": {"prompt": "Why?", "text1": "So.", "text2": "No."},
        "annotations": [
            {
                "completed_by": {"email": "a@example.org"},
                "lead_time": 4.5,
                "created_at": "2025-03-01T12:00:00Z",
                "result": [
                    {"type": "pairwise", "from_name": "pw", "value": {"selected": "left"}},
                    {"type": "textarea", "from_name": "why", "value": {"text": ["clearer"]}},
                ],
            },
            {
                "completed_by": 3,
                "was_cancelled": True,
                "result": [{"type": "pairwise", "value": {"selected": "right"}}],
            },
            {
                "completed_by": 4,
                "result": [{"type": "ranker", "value": {"ranker": {"best": ["text2", "text1"]}}}],
            },
        ],
        "predictions": [
            {
                "model_version": "m1",
                "result": [{"type": "choices", "from_name": "c", "value": {"choices": ["right"]}}],
            }
        ],
    }
    item = one(tmp_path, [task], "label-studio")

    assert said(item) == [
        ("a@example.org", "person", {"preference": -1, "justification": "clearer"}),
        ("user 4", "person", {"ranking": [[1], [0]], "preference": 1}),
        ("m1", "model", {"preference": 1}),
    ]
    assert item.judgments[0].seconds == 4.5
    assert item.external_id == "7"


def test_doccano_documents_keep_their_labels(tmp_path):
    lines = [
        {
            "id": 1,
            "text": "Why?",
            "response_1": "So.",
            "response_2": "No.",
            "label": ["B"],
            "username": "ann",
        },
        {"id": 2, "text": "A document.", "label": ["spam", "rude"]},
    ]
    pair, document = read(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "doccano")

    assert said(pair) == [("ann", "person", {"preference": 1})]
    assert (document.candidates, document.meta) == ((), {"labels": ["spam", "rude"]})


def test_potato_lines_of_one_instance_become_one_item(tmp_path):
    lines = [
        {
            "user_id": "ann",
            "instance_id": "i1",
            "displayed_text": ["So.", "No."],
            "label_annotations": {"p": {"selection": "A"}},
        },
        {
            "user_id": "bob",
            "instance_id": "i1",
            "displayed_text": ["So.", "No."],
            "label_annotations": {"p": {"selection": "tie"}},
        },
        {
            "user_id": "ann",
            "instance_id": "i2",
            "displayed_text": ["Yes.", "Ja."],
            "label_annotations": {"p": {"B": "true"}},
        },
    ]
    first, second = read(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "potato")

    assert said(first) == [("ann", "person", {"preference": -1}), ("bob", "person", {"preference": "tie"})]
    assert said(second) == [("ann", "person", {"preference": 1})]


def test_ultrafeedback_ratings_that_do_not_apply_stay_missing(tmp_path):
    record = {
        "instruction": "Explain rain.",
        "source": "evol",
        "completions": [
            {
                "model": "m1",
                "response": "Water falls.",
                "critique": "Short.",
                "annotations": {"helpfulness": {"Rating": "4"}, "honesty": {"Rating": "N/A"}},
            },
            {"model": "m2", "response": "Clouds cool.", "annotations": {"helpfulness": {"Rating": "2"}}},
        ],
    }
    item = one(tmp_path, json.dumps(record), "ultrafeedback")

    assert [candidate.model for candidate in item.candidates] == ["m1", "m2"]
    assert said(item) == [
        (
            "gpt-4",
            "model",
            {
                "aspects": {"0": {"helpfulness": 4, "honesty": None}, "1": {"helpfulness": 2}},
                "critique": {"0": "Short."},
            },
        )
    ]


def test_helpsteer2_neighbours_with_one_prompt_are_one_item_of_two_responses(tmp_path):
    marks = dict(
        zip(
            ("helpfulness", "correctness", "coherence", "complexity", "verbosity"),
            (3, 4, 4, 2, 1),
            strict=True,
        )
    )
    rows = [
        {"prompt": "p1", "response": "a", **marks},
        {"prompt": "p1", "response": "b", **marks, "helpfulness": 1.0},
        {"prompt": "p2<extra_id_1>Assistant\nhello<extra_id_1>User\nand now?", "response": "c", **marks},
    ]
    pair, single = read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "helpsteer2")

    assert pair.judgments[0].answers["ratings"]["0"] == marks
    assert pair.judgments[0].answers["ratings"]["1"]["helpfulness"] == 1
    assert [turn.role for turn in single.prompt] == ["user", "assistant", "user"]
    assert len(single.candidates) == 1


def test_helpsteer_strengths_keep_their_sign_and_their_people(tmp_path):
    second = {
        "prompt": "p",
        "response_1": "a",
        "response_2": "b",
        "preference_strength": -2,
        "preference_statement": "A is clearer.",
    }
    third = {
        "context": [{"role": "user", "content": "p"}],
        "response1": "a",
        "response2": "b",
        "overall_preference": 3,
        "individual_preference": [{"score": 3, "reasoning": "b is right"}, {"score": 0, "reasoning": ""}],
    }

    assert said(one(tmp_path, json.dumps(second), "helpsteer-preference")) == [
        ("dataset label", "person", {"preference": -2, "justification": "A is clearer."})
    ]
    assert said(one(tmp_path, json.dumps(third), "helpsteer-preference")) == [
        ("annotator 1", "person", {"preference": 3, "justification": "b is right"}),
        ("annotator 2", "person", {"preference": "tie"}),
    ]


def test_multipref_workers_and_experts_answer_each_aspect(tmp_path):
    record = {
        "comparison_id": "c1",
        "text": "Why?",
        "completion_a": "So.",
        "completion_b": "No.",
        "model_a": "m1",
        "normal_worker_annotations": [
            {
                "evaluator": "w1",
                "overall_pref": "A-is-clearly-better",
                "helpful_pref": "Tie",
                "time_spent": 40,
            }
        ],
        "expert_worker_annotations": [{"evaluator": "e1", "overall_pref": "B-is-slightly-better"}],
    }
    item = one(tmp_path, json.dumps(record), "multipref")

    assert said(item) == [
        ("w1", "person", {"preference": -2, "helpful": "tie"}),
        ("e1", "person", {"preference": 1}),
    ]
    assert [judged.expertise for judged in item.judgments] == [(), ("expert",)]


def test_an_open_assistant_tree_gives_an_item_for_each_ranked_set_of_replies(tmp_path):
    tree = {
        "message_tree_id": "t",
        "prompt": {
            "message_id": "m0",
            "role": "prompter",
            "text": "Hi",
            "lang": "en",
            "replies": [
                {"message_id": "m1", "role": "assistant", "text": "second", "rank": 1, "replies": []},
                {
                    "message_id": "m2",
                    "role": "assistant",
                    "text": "best",
                    "rank": 0,
                    "replies": [
                        {
                            "message_id": "m3",
                            "role": "prompter",
                            "text": "Go on",
                            "replies": [
                                {"message_id": "m4", "role": "assistant", "text": "x"},
                                {"message_id": "m5", "role": "assistant", "text": "y"},
                            ],
                        },
                    ],
                },
            ],
        },
    }
    first, second = read(tmp_path, json.dumps(tree) + "\n", "oasst")

    assert (first.external_id, said(first)) == ("m0", [("merged ranking", "person", {"ranking": [[1], [0]]})])
    assert [turn.content for turn in second.prompt] == ["Hi", "best", "Go on"]
    assert second.judgments == ()


def test_arena_battles_tell_the_winner_in_both_published_shapes(tmp_path):
    talk = [{"role": "user", "content": "Hi"}]
    log = {
        "question_id": "q",
        "model_a": "m1",
        "model_b": "m2",
        "winner": "tie (bothbad)",
        "judge": "arena_user_1",
        "conversation_a": [*talk, {"role": "assistant", "content": "Hello"}],
        "conversation_b": [*talk, {"role": "assistant", "content": "Yo"}],
    }
    header = "id,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie"
    table = header + '\n5,"[""Hi""]","[""Hello""]","[""Yo""]",0,1,0\n'

    item = one(tmp_path, json.dumps(log), "arena")
    assert said(item) == [("arena_user_1", "person", {"preference": "neither"})]
    assert [(turn.role, turn.content) for turn in item.prompt] == [("user", "Hi")]
    (cell,) = read(tmp_path, table, "arena", name="battles.csv")
    assert ([one.text for one in cell.candidates], said(cell)) == (
        ["Hello", "Yo"],
        [("visitor", "person", {"preference": 1})],
    )


def test_a_record_that_is_another_thing_is_a_defect_with_its_line(tmp_path):
    rows = read(
        tmp_path,
        '{"completions": 5, "instruction": "x"}\n{"instruction": "y", "completions": []}\n',
        "ultrafeedback",
    )

    assert isinstance(rows[0], Defect)
    assert (rows[0].line, rows[0].field, rows[0].code) == (1, "completions", "wrong_type")


@pytest.mark.parametrize(
    ("content", "code"),
    [('[{"id": 1', "bad_json"), ("[] {}", "bad_json"), ("[]", "no_rows"), ("[5]", "not_object")],
)
def test_a_broken_array_is_refused(tmp_path, content, code):
    with pytest.raises(FileRefused) as refused:
        read(tmp_path, content, "label-studio")

    assert refused.value.defects[0].code == code


def test_an_array_is_split_whatever_its_strings_hold(tmp_path):
    texts = ["], [", '\\"', "a\\\\", '{"x": [1, 2]}', "\n\n", "é😀"]
    tasks = [
        {"id": number, "data": {"prompt": text + "?", "text1": text + "1", "text2": text + "2"}}
        for number, text in enumerate(texts)
    ]
    for indent in (None, 2):
        items = read(tmp_path, json.dumps(tasks, indent=indent, ensure_ascii=bool(indent)), "label-studio")
        assert [item.prompt[0].content for item in items] == [text + "?" for text in texts]
    assert [item.line for item in items] == [2 + 8 * number for number in range(len(texts))]


@pytest.mark.parametrize(
    ("first", "second"), [("answer1", "answer2"), ("Response A", "Response B"), ("output-1", "output-2")]
)
def test_columns_are_guessed_however_their_names_are_written(first, second):
    assert guess(["Prompt ID", "Question", first, second, "Chosen model"]) == {
        "id": "Prompt ID",
        "prompt": "Question",
        "response_a": first,
        "response_b": second,
        "model_a": "Chosen model",
    }


def test_columns_are_guessed_and_mapped_by_hand(tmp_path):
    header = "Question,chosen,rejected,Winner,Annotator,topic\n"
    table = header + "Why?,So.,No.,B,ann,bread\nWhen?,Now.,Never.,perhaps,ann,time\n"
    columns = table.splitlines()[0].split(",")
    mapping = guess(columns)

    good, bad = read(tmp_path, table, name="t.csv", mapping=mapping)

    assert mapping == {
        "prompt": "Question",
        "response_a": "chosen",
        "response_b": "rejected",
        "preference": "Winner",
        "judge": "Annotator",
    }
    assert (said(good), good.meta) == ([("ann", "person", {"preference": 1})], {"topic": "bread"})
    assert (bad.line, bad.field, bad.code) == (3, "Winner", "bad_value")


def test_a_mapping_without_a_prompt_or_with_a_field_of_its_own_is_refused():
    for mapping, field in (({"response_a": "x"}, "prompt"), ({"prompt": "x", "size": "y"}, "size")):
        with pytest.raises(FileRefused) as refused:
            mapped(mapping)
        assert refused.value.defects[0].field == field
