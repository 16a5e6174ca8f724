"""How near the model work comes to what the hardware does: make bench-models

Every figure is a ratio of two sides that ran in this one run, in turn, round after round; medians over the
rounds. Seconds are processor seconds of one thread, so that neighbours on a shared machine hardly move them;
on a GPU they are seconds on the clock. The pairs are those of the demo, and with a folder of published data

    python -m bench.models --data FOLDER [--pairs 16] [--rounds 3] [--seconds 90] [--only ches]

pairs of hh-rlhf and PandaLM, mixed. A part ends with the round in which it has used its processor seconds, so
that the whole takes some minutes on a free core; how many rounds there were is told.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("ches", "generation", "judging", "embedding")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="A folder with published pairs.")
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=90.0, help="Of processor time for a part.")
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    torch.set_num_threads(1)
    pairs = published_pairs(options.data, options.pairs) if options.data else demo_pairs(options.pairs)
    Budget.seconds = options.seconds
    report: dict[str, Any] = {"bench": "models", "machine": machine(), "pairs": len(pairs), "goals": []}
    for part in options.only or PARTS:
        sys.stderr.write(f"{part} …\n")
        found = globals()[f"bench_{part}"](pairs, options.rounds)
        report["goals"] += found.pop("goals")
        found["rounds"] = Budget.rounds
        report[part] = found
    print(json.dumps(report, indent=1))


def bench_ches(pairs: list[Any], rounds: int) -> dict[str, Any]:
    """Ours, the bare backbone over as many tokens in rows of equal length, and the reference way."""
    import numpy as np

    from workers.runtime.devices import processor_rates
    from workers.runtime.hidden import measure_all

    groups = [as_group(one) for one in pairs]
    kinds = worth_measuring()
    rates: dict[str, dict[str, float]] = {}
    values: dict[str, Any] = {}
    goals = []
    for kind in kinds:
        lm = model(kind)
        rows = [packed_lengths(lm, group) for group in groups]
        distinct = sum(x + y + z for x, y, z in rows)
        sides = {
            "ours": lambda lm=lm: measure_all(lm, groups),
            "bare": lambda lm=lm, rows=rows: bare_forward(lm, [sum(row) for row in rows]),
            "reference": lambda lm=lm: [reference_way(lm, group) for group in groups],
        }
        spent, made = in_turn(sides, rounds)
        rates[kind] = {name: distinct / seconds for name, seconds in spent.items()}
        values[kind] = {
            "ours": np.array([ln(one.cross, one.counts) for one in made["ours"]]),
            "reference": np.array([ln(*one) for one in made["reference"]]),
        }
        goals.append(
            goal(f"CHES tokens/s / bare backbone, {kind}", spent["bare"] / spent["ours"], at_least=0.9)
        )
        must = {"float32": 1.9, "bfloat16": 1.4}[kind]
        gain = spent["reference"] / spent["ours"]
        goals.append(goal(f"CHES / the reference way, {kind}", gain, at_least=must))
        grams = [abs(one.cross[i][j] - both[0][i][j]) / abs(both[0][i][j])
                 for one, both in zip(made["ours"], made["reference"], strict=True)
                 for i, j in ((0, 0), (0, 1), (1, 1))]  # fmt: skip
        limit = {"float32": 1e-3, "bfloat16": 0.2}[kind]
        goals.append(goal(f"largest relative gap to the reference, {kind}", max(grams), at_most=limit))
    if "bfloat16" in rates:
        gain = rates["bfloat16"]["ours"] / rates["float32"]["reference"]
        goals.append(goal("our bfloat16 / the reference in float32", gain, at_least=4.0))
        rank = spearman(values["bfloat16"]["ours"], values["float32"]["ours"])
        goals.append(goal("Spearman of bfloat16 with float32", rank, at_least=0.999))
    goals.append(goal("padding in CHES batches", padding_of(groups, distinct), at_most=0.05))
    return {
        "tokens_per_second": {kind: rounded(one) for kind, one in rates.items()},
        "distinct_tokens": distinct,
        "processor_gflops": {name: round(getattr(processor_rates(), name), 1) for name in RATES},
        "bfloat16": "measured" if "bfloat16" in kinds else "left out: it does not pay on this processor",
        "goals": goals,
    }


RATES = ("float32", "bfloat16")


def worth_measuring() -> tuple[str, ...]:
    """The number types that models are run in here: float32, and bfloat16 where it pays."""
    from workers.runtime.devices import choose_dtype

    return RATES if choose_dtype(best_device()) == "bfloat16" else RATES[:1]


def packed_lengths(lm: Any, group: Any) -> tuple[int, int, int]:
    first, second = (lm.text_ids(text) for text in group.responses)
    return len(lm.prompt_ids(group.prompt)), len(first), len(second)


def bare_forward(lm: Any, lengths: list[int]) -> None:
    """As many tokens as there are, in rows of their mean length: nothing padded, nothing packed."""
    import torch

    from workers.runtime.hidden import BUDGET

    budget = BUDGET[lm.device]
    mean = max(1, round(sum(lengths) / len(lengths)))
    left = len(lengths)
    with torch.inference_mode():
        while left > 0:
            rows = min(max(1, budget // mean), left)
            ids = torch.arange(rows * mean, device=lm.device).reshape(rows, mean) % 40_000
            lm.backbone(input_ids=ids, use_cache=False)
            left -= rows


def reference_way(lm: Any, group: Any) -> tuple[list[list[float]], list[int]]:
    """Both sequences whole, one by one, with the head and every layer's states."""
    import torch

    prompt = lm.prompt_ids(group.prompt)
    sums, counts = [], []
    for text in group.responses:
        answer = lm.text_ids(text)
        with torch.inference_mode():
            out = lm.model(torch.tensor([prompt + answer], device=lm.device), output_hidden_states=True)
        sums.append(out.hidden_states[-1][0, len(prompt) - 1 :].float().sum(0).double())
        counts.append(len(answer) + 1)
    both = torch.stack(sums)
    return (both @ both.T).tolist(), counts


def ln(cross: Any, counts: Any) -> float:
    return cross[0][1] / (counts[0] * counts[1]) - cross[0][0] / counts[0] ** 2


def padding_of(groups: list[Any], distinct: int) -> float:
    """The share of all tokens that went through the backbone which are nobody's."""
    from workers.runtime.hidden import measure_all

    lm = model("float32")
    measure_all(lm, groups[:1])
    seen: list[int] = []
    counting = lm.backbone.register_forward_pre_hook(
        lambda _module, _given, named: seen.append(named["input_ids"].numel()), with_kwargs=True
    )
    try:
        measure_all(lm, groups)
    finally:
        counting.remove()
    return 1 - distinct / sum(seen)


def bench_generation(pairs: list[Any], rounds: int) -> dict[str, Any]:
    """Sixteen prompts, one response each, ours against the library's own loop on the same batch."""
    import torch

    from workers.runtime.generation import GenerationSpec, generate_each

    lm = model("float32")
    # Prompts of some two hundred tokens at most, as instructions are.
    prompts = [one[0] for one in pairs if len(lm.prompt_ids(one[0])) <= 250][:16]
    asked = [lm.prompt_ids(prompt) for prompt in prompts]
    new = 48
    spec = GenerationSpec(k=1, temperature=0.8, top_p=0.95, max_new_tokens=new)
    longest = max(map(len, asked))
    pad = lm.tokenizer.eos_token_id
    ids = torch.tensor([[pad] * (longest - len(row)) + row for row in asked], device=lm.device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked], device=lm.device)

    def library() -> int:
        torch.manual_seed(0)
        with torch.inference_mode():
            out = lm.model.generate(
                ids, attention_mask=mask, max_new_tokens=new, do_sample=True, temperature=0.8, top_p=0.95,
                top_k=0, pad_token_id=pad,
            )  # fmt: skip
        rows = out[:, longest:].tolist()
        return sum(row.index(pad) if pad in row else new for row in rows)

    def ours() -> int:
        made = generate_each(lm, spec, prompts, range(len(prompts)))
        return sum(one.tokens for _place, all_of_it in made for one in all_of_it)

    spent, made = in_turn({"ours": ours, "library": library}, rounds)
    rates = {name: made[name] / seconds for name, seconds in spent.items()}
    ratio = rates["ours"] / rates["library"]
    return {
        "prompts": len(prompts),
        "prompt_tokens": sum(map(len, asked)),
        "new_tokens": made,
        "tokens_per_second": rounded(rates),
        "goals": [goal("generation / model.generate, 16 prompts", ratio, at_least=0.8)],
    }


def bench_judging(pairs: list[Any], rounds: int) -> dict[str, Any]:
    """Forced choices in both orders against the rate of this processor's matrix products.

    A token costs 0.27 · 10⁹ operations, two for each of the model's 135 million parameters. Tokens count as
    often as they are asked, though what two questions begin with alike is read once.
    """
    from workers.runtime.judging import Asked, label_shares

    found: dict[str, Any] = {"tokens_per_second": {}, "limit_tokens_per_second": {}, "goals": []}
    for kind in worth_measuring():
        lm = model(kind)
        some = [one for one in pairs if sum(packed_lengths(lm, as_group(one))) <= 700][:8]
        asked = [
            Asked(QUESTION.format(request=prompt[-1]["content"], one=one, other=other), OPENING, ("A", "B"))
            for prompt, first, second in some
            for one, other in ((first, second), (second, first))
        ]
        sides = {"ours": partial(label_shares, lm, asked), "product": partial(product, kind)}
        spent, made = in_turn(sides, rounds)
        rate = sum(said.tokens for said in made["ours"]) / spent["ours"]
        limit = 2 * PRODUCT**3 * PRODUCTS / spent["product"] / 0.27e9
        found["tokens_per_second"][kind] = round(rate, 1)
        found["limit_tokens_per_second"][kind] = round(limit, 1)
        found["goals"].append(goal(f"forced choice / product limit, {kind}", rate / limit, at_least=0.6))
    return found


QUESTION = (
    "Which of two responses serves the person better?\n\nRequest:\n{request}\n\n"
    "Response A:\n{one}\n\nResponse B:\n{other}\n\nAnswer with one letter."
)
OPENING = "The better response is Response"
PRODUCT, PRODUCTS = 1024, 8


def product(kind: str) -> None:
    import torch

    square = torch.ones(PRODUCT, PRODUCT, dtype=getattr(torch, kind))
    for _again in range(PRODUCTS):
        square @ square


def as_group(pair: Any) -> Any:
    from workers.runtime.hidden import Group

    return Group(pair[0], (pair[1], pair[2]))


def bench_embedding(pairs: list[Any], rounds: int) -> dict[str, Any]:
    """Each distinct text once, against the bare encoder over as many tokens in rows of equal length."""
    import torch

    from workers.runtime import embedding

    texts = [text for prompt, *both in pairs for text in (prompt[-1]["content"], *both, both[0])]
    encoder = embedding._encoder()
    lengths = [
        len(encoder.tokenizer(text, truncation=True, max_length=256)["input_ids"]) for text in set(texts)
    ]
    mean = round(sum(lengths) / len(lengths))

    def bare() -> None:
        left = len(lengths)
        with torch.inference_mode():
            while left > 0:
                rows = min(max(1, embedding.TOKEN_BUDGET // mean), left)
                ids = torch.full((rows, mean), 2000, device=encoder.device)
                encoder.model(input_ids=ids, attention_mask=torch.ones_like(ids))
                left -= rows

    spent, _made = in_turn({"ours": lambda: embedding.embed(texts), "bare": bare}, rounds)
    return {
        "texts": len(texts),
        "distinct": len(lengths),
        "tokens_per_second": rounded({name: sum(lengths) / seconds for name, seconds in spent.items()}),
        "goals": [goal("embedding / bare encoder", spent["bare"] / spent["ours"], at_least=0.9)],
    }


class Budget:
    """Processor seconds for a part, and how many rounds the last one had."""

    seconds = 90.0
    rounds = 0


def in_turn(sides: dict[str, Callable[[], Any]], rounds: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds of each side, and what each gave; one round before the count begins warms up."""
    spent: dict[str, list[float]] = {name: [] for name in sides}
    made: dict[str, Any] = {}
    start = clock()
    for round_number in range(rounds + 1):
        if round_number > 1 and clock() - start > Budget.seconds:
            break
        Budget.rounds = round_number
        for name, run in sides.items():
            began = clock()
            made[name] = run()
            if round_number:
                spent[name].append(clock() - began)
    return {name: statistics.median(all_of_it) for name, all_of_it in spent.items()}, made


def clock() -> float:
    """Processor seconds; where a GPU works, seconds on the clock once it has finished."""
    if best_device() == "cuda":
        import torch

        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def best_device() -> str:
    from workers.runtime.devices import best_device

    return best_device()


def model(dtype: str) -> Any:
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    home = Path(os.environ.get("WINNOW_MODELS") or ROOT / "var" / "models")
    return load_language_model(smollm2(home), dtype=dtype)


def demo_pairs(count: int) -> list[Any]:
    rows = [json.loads(line) for line in (ROOT / "demo" / "pairs.jsonl").read_text().splitlines()][:count]
    return [(as_turns(row["prompt"]), *(side["text"] for side in row["candidates"][:2])) for row in rows]


def published_pairs(folder: Path, count: int) -> list[Any]:
    """Every so many of either data set, so that short and long ones are among them."""
    harmless = [json.loads(line) for line in (folder / "hh_harmless_pairs.jsonl").read_text().splitlines()]
    pandas = [
        json.loads(line) for line in (folder / "pandalm_multi_annotator.jsonl").read_text().splitlines()
    ]
    some = [
        (row["prompt"], row["chosen"][-1]["content"], row["rejected"][-1]["content"]) for row in harmless
    ] [:: max(1, 2 * len(harmless) // count)]  # fmt: skip
    others = [
        (as_turns(f"{row['instruction']}\n\n{row['input']}".strip()), row["response_a"], row["response_b"])
        for row in pandas
    ][:: max(1, 2 * len(pandas) // count)]
    return [one for one in [*some, *others] if one[1].strip() and one[2].strip() and one[1] != one[2]][:count]


def as_turns(prompt: Any) -> Any:
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def spearman(one: Any, other: Any) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(one, other).statistic)


def goal(name: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    holds = value >= at_least if at_least is not None else value <= (at_most or 0.0)
    must = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}"
    return {"name": name, "value": float(f"{value:.4g}"), "must": must, "holds": bool(holds)}


def rounded(rates: dict[str, float]) -> dict[str, float]:
    return {name: round(rate, 1) for name, rate in rates.items()}


def machine() -> dict[str, object]:
    import torch

    found = {"processor": platform.machine(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"
    return found | {"device": device, "torch": torch.__version__, "python": platform.python_version()}


if __name__ == "__main__":
    main()
