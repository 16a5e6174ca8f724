from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from annotate.readers.reading import read_items
from annotate.readers.rows import ItemRow
from tests.readers_of_published_data import pandalm_rows

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not beside the project")


@needs_data
def test_pandalm_comes_in_whole(tmp_path: Path) -> None:
    rows = pandalm_rows(DATA / "pandalm_multi_annotator.jsonl")
    path = tmp_path / "pandalm.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")

    items = list(read_items(path))

    assert [type(item) for item in items] == [ItemRow] * 603
    assert [(item.external_id, item.prompt[0].content) for item in items if isinstance(item, ItemRow)] == [
        (row["id"], row["prompt"]) for row in rows
    ]
    judgments = [judgment for item in items if isinstance(item, ItemRow) for judgment in item.judgments]
    assert Counter((judgment.kind, judgment.unparseable) for judgment in judgments) == {
        ("person", False): 1809,
        ("model", False): 1200,
        ("model", True): 6,
    }
    assert [judgment.answers for judgment in judgments if judgment.unparseable] == [{"justification": ""}] * 6
    assert [judgment.raw["preference"] for judgment in judgments if judgment.unparseable] == ["invalid"] * 6
    assert Counter(j.answers["preference"] for j in judgments if j.kind == "person") == {
        -2: 727,
        2: 894,
        "tie": 188,
    }


@needs_data
def test_hh_harmless_comes_in_as_explicit_conversations() -> None:
    path = DATA / "hh_harmless_pairs.jsonl"
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]

    items = list(read_items(path))

    assert Counter(type(item).__name__ for item in items) == {"ItemRow": 1401}
    assert [
        (item.external_id, [m.content for m in item.prompt], [c.text for c in item.candidates])
        for item in items
        if isinstance(item, ItemRow)
    ] == [
        (
            row["id"],
            [m["content"] for m in row["prompt"]],
            [row["chosen"][-1]["content"], row["rejected"][-1]["content"]],
        )
        for row in rows
    ]
