"""Frozen rows of every kind that a release holds, and the manifest that goes with them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from curation.formats.table import batch_of, frozen_schema, pair_keys, table_schema

LONG = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "What is 2 + 2?"},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "And doubled?\nShow it as code — «x»."},
]
SCHEMA = frozen_schema(table_schema(["ln_ches:first", "ln_ches:second"]))
UNDECIDED = {"chosen_position": -1, "rejected_position": -1, "chosen": None, "rejected": None, "side": -1}


def key_of(prompt_key: str, one: str, other: str) -> str:
    return pair_keys(*(pa.array([text], pa.string()) for text in (prompt_key, one, other)))[0]


def frozen_row(place: int, **fields: Any) -> dict[str, Any]:
    """A row whose second response was chosen; every third has a prompt of several turns."""
    first = "no\r\nidea\u2028at all" if place % 2 else ""
    second = f"Colour {place} is green 🌿 and lasts."
    prompt = LONG if place % 3 == 2 else [{"role": "user", "content": f"Name colour {place}."}]
    judgments = [
        {"judge": "person-1", "kind": "person", "answers": {"preference": 2}, "order": [0, 1],
         "seconds": 3.5, "guidelines": 1},
        {"judge": "critic@2", "kind": "model", "answers": {"preference": -1}, "order": [1, 0],
         "seconds": None, "guidelines": None},
    ]  # fmt: skip
    made = {
        "id": f"row-{place}",
        "item_key": f"{place:064d}",
        "prompt_key": f"prompt-{place}",
        "prompt": prompt,
        "prompt_text": "\n".join(turn["content"] for turn in prompt if turn["role"] == "user"),
        "first": first,
        "second": second,
        "first_model": "model-b",
        "second_model": "model-a" if place % 2 else "",
        "verdict": 1,
        "preference": place % 4 * 0.75,
        "confidence": 2 / 3,
        "n_judges": 3,
        "spread": 1.0,
        "people_verdict": 1,
        "models_verdict": -1,
        "votes": [2, -1],
        "source": "made here",
        "subject": "",
        "meta": json.dumps({"source": "made here"}),
        "candidates": json.dumps([{"model": "model-b"}, {}]),
        "judgments": json.dumps(judgments),
        "ratings": "{}",
        "standings": "{}",
        "score:ln_ches:first": 1.0,
        "score:ln_ches:second": None if place % 5 == 4 else -0.125 * place,
        "chosen_position": 1,
        "rejected_position": 0,
        "margin": place % 4 * 0.25,
        "weight": 1.0,
        "split": "train",
        "masked": False,
        "chosen": second,
        "rejected": first,
        "pair_key": key_of(f"prompt-{place}", first, second),
        "side": 1,
    }
    return made | fields


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return batch_of(rows, SCHEMA)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the hub's libraries to stay at home, and refuse any connection that is tried all the same."""
    for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")

    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"something tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def make_row() -> Callable[..., dict[str, Any]]:
    return frozen_row


@pytest.fixture
def make_batch() -> Callable[[list[dict[str, Any]]], pa.RecordBatch]:
    return batch


@pytest.fixture
def undecided() -> dict[str, Any]:
    return dict(UNDECIDED)


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [frozen_row(place) for place in range(12)]


@pytest.fixture
def batches(rows) -> list[pa.RecordBatch]:
    return [batch(rows)]


@pytest.fixture
def manifest() -> dict[str, object]:
    return {
        "title": "Colours: a test | of cards",
        "description": "Pairs made for a test.",
        "language": ["en"],
        "licence": "CC-BY-4.0",
        "sources": [
            "Written here",
            {"name": "Elsewhere", "licence": "MIT", "url": "https://example.org/set"},
        ],
        "protocol": {"overlap": 3, "shown_order": "shuffled per judge and item"},
        "guidelines": 2,
        "questions": [{"key": "preference", "kind": "preference", "text": "Which is better?"}],
        "settled_by": {"method": "majority", "pool": "together"},
        "recipe": {
            "name": "default",
            "steps": [{"step": "drop_undecided"}, {"step": "drop_alike", "top_percent": 10}],
        },
        "steps": [
            {"step": "drop_undecided", "kept": 13, "dropped": 4, "changed": 0},
            {
                "step": "drop_alike", "top_percent": 10, "kept": 12, "dropped": 1, "changed": 0,
                "threshold": 0.5, "unscored": 2,
            },
        ],
        "counts": {"settled": 17, "kept": 12, "dropped": {"drop_undecided": 4, "drop_alike": 1}},
        "judges": {"person": 3, "model": 1},
        "agreement": {
            "people": {"alpha": 0.8153875, "low": 0.45, "high": 1.0, "items": 11, "judgments": 40},
            "models": {"alpha_ordinal": None, "low": None, "high": None, "items": 0},
            "together": None,
        },
        "biases": {"longer_side_chosen": {"share": 0.6, "low": 0.41, "high": 0.77, "n": 20}},
        "lineage": {"parent": "v1"},
        "changes": ["Against v1: 2 pairs added."],
        "software": {"winnow": "0.1.0"},
        "models": {"tiny": "abcdef0"},
        "scorers": [{"scorer": "ches", "revision": "abcdef0", "parameters": {"max_tokens": 64}}],
    }  # fmt: skip
