"""Published judgments as pairs for a replay: what models said, and what people said of the same pairs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.numerics.routing.table import PairRecord

SIDES = {"A": -1, "B": 1, "tie": 0}


@dataclass(frozen=True, slots=True)
class Slice:
    """``human``: −1 the first, 1 the second, 0 a tie, one per record. ``main``: whose labels are replaced."""

    name: str
    what: str
    records: list[PairRecord]
    human: list[int]
    main: str


def pandalm(folder: Path) -> Slice:
    """The majority of three people; items without one, or without a verdict of the judge, are left out."""
    kept = []
    for row in _rows(folder / "pandalm_multi_annotator.jsonl"):
        human = _majority([one["label"] for one in row["human"]])
        said = {one["annotator"]: float(SIDES[one["label"]]) for one in row["ai"] if one["label"] in SIDES}
        prompt = row["instruction"] + "\n\n" + row["input"]
        models = (row["models"][0], row["models"][1])
        texts = row["response_a"], row["response_b"]
        kept.append((PairRecord(row["id"], prompt, *texts, prompt, said, models=models), human))
    return _slice(
        "PandaLM",
        "three people against gpt-3.5-turbo, with pandalm-7b as a second judge",
        kept,
        "gpt-3.5-turbo",
    )


def llmbar(folder: Path) -> Slice:
    """Objective gold, and 24 runs of judges in both orders."""
    rows = _rows(folder / "llmbar_gold_ai_judges.jsonl")
    return _slice(
        "LLMBar",
        "objective gold against ChatGPT (plain prompt), with 23 other judge runs beside it",
        [_both_orders(row, row["gold"]) for row in rows],
        "ChatGPT/Vanilla",
    )


def mtbench(folder: Path) -> Slice:
    """The majority of people, and four judges in both orders."""
    rows = _rows(folder / "mtbench_human_majority_ai_judges.jsonl")
    return _slice(
        "MT-Bench",
        "the majority of people against ChatGPT, with three other judges beside it",
        [_both_orders(row, row["human_majority"]) for row in rows],
        "ChatGPT/Vanilla_NoRules",
    )


def ukp(folder: Path) -> Slice:
    """A crowd alone: the first worker stands for the cheap judge and the second for another, the majority of
    the remaining two or three for the people whose time is dear. No vote is on both sides."""
    kept = []
    for row in _rows(folder / "ukp_convarg_crowd_pairs.jsonl"):
        votes = [one["label"] for one in row["annotations"]]
        said = {"first worker": float(SIDES[votes[0]]), "second worker": float(SIDES[votes[1]])}
        prompt = f"{row['title']}: {row['stance']}"
        record = PairRecord(row["id"], prompt, row["text_a"], row["text_b"], row["topic"], said)
        kept.append((record, _majority(votes[2:])))
    return _slice(
        "UKP",
        "the majority of two or three crowd workers against one other worker, with a second one beside",
        kept,
        "first worker",
    )


SLICES: tuple[Callable[[Path], Slice], ...] = (pandalm, llmbar, mtbench, ukp)


def _both_orders(row: dict[str, Any], human: str) -> tuple[PairRecord, int | None]:
    verdicts, flips = {}, {}
    for one in row["ai"]:
        name = f"{one['annotator']}/{one['prompting']}"
        if one["original_order"] in SIDES:
            verdicts[name] = float(SIDES[one["original_order"]])
            flips[name] = float(one["original_order"] != one["swapped_order"])
    record = PairRecord(
        row["id"],
        row["instruction"],
        row["response_a"],
        row["response_b"],
        row["instruction"],
        verdicts,
        flips=flips,
    )
    return record, SIDES[human]


def _slice(name: str, what: str, kept: list[tuple[PairRecord, int | None]], main: str) -> Slice:
    used = [(record, human) for record, human in kept if human is not None and main in record.verdicts]
    return Slice(name, what, [record for record, _human in used], [human for _record, human in used], main)


def _majority(labels: list[str]) -> int | None:
    ranked = Counter(labels).most_common()
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return None
    return SIDES.get(ranked[0][0])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
