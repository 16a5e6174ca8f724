"""Rows of every kind that a release holds, and the manifest that goes with them."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from curation.formats.rows import PairRow

LONG = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "What is 2 + 2?"},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "And doubled?\nShow it as code — «x»."},
]


def pair_row(place: int) -> PairRow:
    several = place % 3 == 2
    return PairRow(
        id=f"row-{place}",
        prompt=LONG if several else [{"role": "user", "content": f"Name colour {place}."}],
        chosen=f"Colour {place} is green 🌿 and lasts.",
        rejected="no\r\nidea\u2028at all" if place % 2 else "",
        strength=place % 4 * 0.75,
        margin=place % 4 * 0.25,
        confidence=2 / 3,
        n_judges=3,
        chosen_model="model-a" if place % 2 else None,
        rejected_model="model-b",
        ln_ches=None if place % 5 == 4 else -0.125 * place,
        provenance={"source": "made here", "line": place},
    )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the hub's libraries to stay at home, and refuse any connection that is tried all the same."""
    for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")

    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"something tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def make_row() -> Callable[[int], PairRow]:
    return pair_row


@pytest.fixture
def rows() -> list[PairRow]:
    return [pair_row(place) for place in range(12)]


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
            {"step": "drop_undecided", "kept": 13, "dropped": 4},
            {
                "step": "drop_alike",
                "top_percent": 10,
                "kept": 12,
                "dropped": 1,
                "threshold": 0.5,
                "unscored": 2,
            },
        ],
        "counts": {"items": 17, "dropped": {"drop_undecided": 4, "drop_alike": 1}},
        "judges": {"person": 3, "model": 1},
        "agreement": {
            "people": {"alpha": 0.8153875, "low": 0.45, "high": 1.0, "items": 11, "judgments": 40},
            "models": {"alpha_ordinal": None, "low": None, "high": None, "items": 0},
            "together": None,
        },
        "software": {"winnow": "0.1.0"},
        "models": {"tiny": "abcdef0"},
        "scorers": [{"scorer": "ches", "revision": "abcdef0", "parameters": {"max_tokens": 64}}],
    }
