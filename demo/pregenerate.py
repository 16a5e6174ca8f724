"""Make demo/pairs.jsonl: responses by the packaged model to some of the demo's prompts, with how each was made.

    python demo/pregenerate.py [--limit 64]

What is in the file already is kept, so a run that was stopped goes on where it ended. The prompts are taken from the
front of demo/prompts.jsonl, where neighbours are of different subjects.
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
# Draws tried for a response that ends by itself, before one that was cut is taken.
DRAWS = 3


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
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    lm = load_language_model(smollm2(models))
    for row in rows:
        prompt = row["prompt"]
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        candidates = [candidate(lm, messages, setting) for setting in SETTINGS]
        yield {"id": row["id"], "prompt": prompt, "candidates": candidates, "meta": row["meta"]}


def candidate(lm: Any, messages: list[dict[str, str]], setting: dict[str, float]) -> dict[str, Any]:
    """The first of a few draws that ended by itself."""
    from workers.runtime.generation import generate

    for draw in range(DRAWS):
        one = generate(lm, messages, k=1, seed=SEED + draw, max_new_tokens=MAX_NEW_TOKENS, **setting)[0]
        if one.finish == "stop":
            break
    return {
        "text": one.text,
        "model": lm.name,
        "revision": lm.revision,
        "parameters": setting
        | {"max_new_tokens": MAX_NEW_TOKENS, "template": lm.template_hash, "finish": one.finish},
        "seed": one.seed,
        "tokens": one.tokens,
        "seconds": round(one.seconds, 3),
    }


if __name__ == "__main__":
    main()
