"""Make demo/pairs.jsonl: responses by the packaged model to some prompts, with how each was made.

    python demo/pregenerate.py [--limit 64]

What is in the file already is kept, so a run that was stopped goes on where it ended. The prompts are taken
from the front of demo/prompts.jsonl, where neighbours are of different subjects.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# A careful and a free draw: the pairs differ in quality, as pairs to be judged should.
SETTINGS = ({"temperature": 0.3, "top_p": 0.9}, {"temperature": 1.0, "top_p": 0.98})
MAX_NEW_TOKENS = 180
SEED = 20
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=64)
    parser.add_argument("--models", type=Path, default=HERE.parent / "var" / "models")
    options = parser.parse_args()
    pairs = HERE / "pairs.jsonl"
    made = {json.loads(line)["id"] for line in pairs.read_text().splitlines()} if pairs.exists() else set()
    prompts = [json.loads(line) for line in (HERE / "prompts.jsonl").read_text().splitlines()][
        : options.limit
    ]
    waiting = [row for row in prompts if row["id"] not in made]
    with pairs.open("a", encoding="utf-8") as stream:
        for number, row in enumerate(answered(waiting, options.models), start=1):
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            stream.flush()
            sys.stderr.write(f"\r{number} of {len(waiting)}")
    sys.stderr.write("\n")


def answered(rows: list[dict[str, Any]], models: Path) -> Iterator[dict[str, Any]]:
    from workers.runtime.generation import generate_many
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    lm = load_language_model(smollm2(models))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        prompts = [as_messages(row["prompt"]) for row in batch]
        draws = [
            generate_many(
                lm, prompts, k=1, seeds=[SEED] * len(batch), max_new_tokens=MAX_NEW_TOKENS, **setting
            )
            for setting in SETTINGS
        ]
        for place, row in enumerate(batch):
            sides = [
                as_candidate(lm, made[place][0], setting)
                for made, setting in zip(draws, SETTINGS, strict=True)
            ]
            yield {"id": row["id"], "prompt": row["prompt"], "candidates": sides, "meta": row["meta"]}


def as_messages(prompt: str | list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def as_candidate(lm: Any, one: Any, setting: dict[str, float]) -> dict[str, Any]:
    how = {"max_new_tokens": MAX_NEW_TOKENS, "template": lm.template_hash, "finish": one.finish}
    return {
        "text": one.text,
        "model": lm.name,
        "revision": lm.revision,
        "parameters": setting | how,
        "seed": one.seed,
        "tokens": one.tokens,
        "seconds": round(one.seconds, 3),
    }


if __name__ == "__main__":
    main()
