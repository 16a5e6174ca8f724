"""Published data sets, turned into rows of our own shape for tests and benches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_PANDALM_PREFERENCES: dict[str, int | str] = {"A": -2, "B": 2, "tie": "tie", "invalid": "invalid"}


def pandalm_rows(path: Path) -> list[dict[str, Any]]:
    """Instruction and input as the prompt, two models' responses, three people and two models as judges."""
    with path.open(encoding="utf-8") as file:
        return [_pandalm_row(json.loads(line)) for line in file]


def _pandalm_row(row: dict[str, Any]) -> dict[str, Any]:
    people = [_judgment(given, "person") for given in row["human"]]
    models = [_judgment(given, "model") for given in row["ai"]]
    return {
        "id": row["id"],
        "prompt": row["instruction"] + ("\n\n" + row["input"] if row["input"] else ""),
        "candidates": [
            {"text": row["response_a"], "model": row["models"][0]},
            {"text": row["response_b"], "model": row["models"][1]},
        ],
        "judgments": people + models,
        "meta": {"app": row["app"]},
    }


def _judgment(given: dict[str, str], kind: str) -> dict[str, Any]:
    answers: dict[str, Any] = {"preference": _PANDALM_PREFERENCES[given["label"]]}
    if kind == "model":
        answers["justification"] = given["reason"]
    return {"judge": given["annotator"], "kind": kind, "answers": answers}
