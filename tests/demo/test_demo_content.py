"""The demo is ours: enough prompts, of many kinds, and pairs that say how they were made."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from annotate.readers.reading import read_items
from annotate.readers.rows import ItemRow

DEMO = Path(__file__).resolve().parents[2] / "demo"


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DEMO / name).read_text().splitlines()]


def test_there_are_enough_prompts_of_many_subjects():
    prompts = rows("prompts.jsonl")
    subjects = Counter(row["meta"]["subject"] for row in prompts)

    assert len(prompts) >= 120
    assert len(subjects) >= 8
    assert min(subjects.values()) >= 8
    assert len({row["id"] for row in prompts}) == len(prompts)
    assert len({json.dumps(row["prompt"]) for row in prompts}) == len(prompts)


def test_some_prompts_have_several_turns_and_some_are_sensitive():
    tags = Counter(tag for row in rows("prompts.jsonl") for tag in row["meta"]["tags"])

    assert tags["several turns"] >= 15
    assert tags["sensitive"] >= 15


@pytest.mark.parametrize("name", ["prompts.jsonl", "pairs.jsonl"])
def test_our_own_reader_finds_no_fault(name):
    found = list(read_items(DEMO / name))

    assert [row for row in found if not isinstance(row, ItemRow)] == []


def test_at_least_sixty_pairs_say_how_each_side_was_made():
    pairs = rows("pairs.jsonl")
    known = {row["id"]: row["prompt"] for row in rows("prompts.jsonl")}

    assert len(pairs) >= 60
    for pair in pairs:
        assert pair["prompt"] == known[pair["id"]]
        first, second = pair["candidates"]
        assert first["text"] != second["text"]
        for side in (first, second):
            assert side["text"].strip()
            assert {"model", "revision", "parameters", "seed", "tokens", "seconds"} <= set(side)
            assert len(side["revision"]) == 40
