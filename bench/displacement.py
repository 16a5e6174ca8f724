"""Does LN-CHES tell which pairs lower the chosen response's probability under DPO? docs/experiments/ches.md

    python -m bench.displacement --data FOLDER [--seeds 0 1 2] [--pairs 50] [--lr 1e-5]

    python -m bench.displacement --data FOLDER --small --pairs 150 --lr 3e-4 --batch 8 --epochs 2

For each seed: draw pairs, score them, train the model by DPO once on the fifth with the lowest
LN-CHES and once on the fifth with the highest, and measure how far the log-probability of each chosen
response moved. Prints JSON: the mean change in either fifth, with 95 % intervals by bootstrap over pairs, and
over all seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.models import machine, model, packed_lengths, published_pairs
from bench.small_model import trained_on

BETA = 0.1
MAX_TOKENS = 120
MAX_CHARACTERS = 500
RESAMPLES = 2000
SIDES = ("lowest", "highest")
# What training changed in each pair: the chosen response's log-probability in nats, the same per token, and
# that of the rejected one.
KINDS = ("chosen", "chosen_per_token", "rejected")


def main() -> None:
    import numpy as np
    import torch

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--lr", type=float, default=1e-5)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="A model of characters, trained here, instead.")
    options = parser.parse_args()
    lm, all_pairs, loss = small_model(options.data) if options.small else packaged_model(options.data)
    start = {name: value.clone() for name, value in lm.model.state_dict().items()}
    runs = []
    for seed in options.seeds:
        began = time.process_time()
        places = np.random.default_rng(seed).permutation(len(all_pairs))[: options.pairs]
        run = one_seed(lm, [all_pairs[place] for place in places], seed, start, options)
        run |= {"seed": seed, "processor_seconds": round(time.process_time() - began)}
        runs.append(run)
        sys.stderr.write(json.dumps({name: value for name, value in run.items() if name != "moved"}) + "\n")
    together = {
        kind: {side: np.concatenate([run["moved"][kind][side] for run in runs]) for side in SIDES}
        for kind in KINDS
    }
    print(
        json.dumps(
            {
                "experiment": "displacement",
                "machine": machine(),
                "model": f"{lm.name} {lm.revision[:12]}",
                "loss_of_its_training": loss,
                "threads": torch.get_num_threads(),
                "lr": options.lr,
                "beta": BETA,
                "batch": options.batch,
                "epochs": options.epochs,
                "eligible_pairs": len(all_pairs),
                "pairs_per_seed": options.pairs,
                "seeds": [{name: value for name, value in run.items() if name != "moved"} for run in runs],
                "all": {kind: summary(values) for kind, values in together.items()},
            },
            indent=1,
        )
    )


def packaged_model(data: Path) -> tuple[Any, list[Any], float | None]:
    lm = model("float32")
    short = [pair for pair in published_pairs(data, 4000) if sum(lengths_of(lm, pair)) <= MAX_TOKENS]
    return lm, short, None


def small_model(data: Path) -> tuple[Any, list[Any], float | None]:
    """Trained on both responses of the pairs too long to be scored; the short ones it has never seen."""
    from workers.runtime.loading import load_language_model
    from workers.runtime.sources import find_model

    pairs = published_pairs(data, 4000)
    sizes = [sum(len(turn["content"]) for turn in pair[0]) + len(pair[1]) + len(pair[2]) for pair in pairs]
    long = [pair for pair, size in zip(pairs, sizes, strict=True) if size > MAX_CHARACTERS]
    texts = [[*prompt, {"role": "assistant", "content": text}] for prompt, *both in long for text in both]
    with tempfile.TemporaryDirectory() as home:
        loss = trained_on(texts, Path(home) / "characters")
        lm = load_language_model(find_model("characters", Path(home)), dtype="float32")
    short = [pair for pair, size in zip(pairs, sizes, strict=True) if size <= MAX_CHARACTERS]
    return lm, short, round(loss, 3)


def lengths_of(lm: Any, pair: Any) -> tuple[int, int, int]:
    return packed_lengths(lm, group_of(pair))


def group_of(pair: Any) -> Any:
    from workers.runtime.hidden import Group

    return Group(pair[0], (pair[1], pair[2]))


def one_seed(
    lm: Any, pairs: list[Any], seed: int, start: dict[str, Any], how: argparse.Namespace
) -> dict[str, Any]:
    import numpy as np

    from bench.models import ln
    from workers.runtime.hidden import measure_all

    before = measure_all(lm, [group_of(pair) for pair in pairs], logprobs=True)
    scores = np.array([ln(one.cross, one.counts) for one in before])
    order = np.argsort(scores, kind="stable")
    fifth = len(pairs) // 5
    moved: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for side, places in (("lowest", order[:fifth]), ("highest", order[-fifth:])):
        some, known = [pairs[place] for place in places], [before[place].logprobs for place in places]
        train(lm, some, known, seed, how)
        after = measure_all(lm, [group_of(pair) for pair in some], logprobs=True)
        gains = np.array(
            [
                [one.logprobs[place].total - old[place].total for place in (0, 1)]
                for one, old in zip(after, known, strict=True)
            ]
        )
        moved["chosen"][side], moved["rejected"][side] = gains.T
        moved["chosen_per_token"][side] = gains[:, 0] / np.array([old[0].tokens for old in known])
        lm.model.load_state_dict(start)
    means = {
        side: round(float(scores[places].mean()), 2)
        for side, places in (("lowest", order[:fifth]), ("highest", order[-fifth:]))
    }
    return {"moved": moved, "ln_ches": means, **{kind: summary(values) for kind, values in moved.items()}}


def train(lm: Any, pairs: list[Any], known: list[Any], seed: int, how: argparse.Namespace) -> None:
    """DPO: −log σ(β · (gain of the chosen − gain of the rejected)), gains counted from the start."""
    import numpy as np
    import torch

    from workers.runtime.hidden import _spans
    from workers.runtime.packing import Row, _segments

    drawing = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(lm.model.parameters(), lr=how.lr, weight_decay=0.0)
    for _epoch in range(how.epochs):
        order = drawing.permutation(len(pairs))
        for first in range(0, len(pairs), how.batch):
            places = order[first : first + how.batch]
            optimiser.zero_grad()
            for place in places:
                prompt, *texts = pairs[place]
                row = Row(tuple(lm.prompt_ids(prompt)), tuple(tuple(lm.text_ids(text)) for text in texts))
                hidden = _segments(lm, [row])[0]
                gains = []
                for (begin, end), answer, old in zip(_spans(row), row.responses, known[place], strict=True):
                    vectors = torch.cat([hidden[len(row.prompt) - 1][None], hidden[begin : end - 1]])
                    said = torch.log_softmax(lm.model.get_output_embeddings()(vectors), dim=-1)
                    gains.append(said.gather(1, torch.tensor(answer)[:, None]).sum() - old.total)
                loss = -torch.nn.functional.logsigmoid(BETA * (gains[0] - gains[1])) / len(places)
                loss.backward()
            optimiser.step()
    lm.model.zero_grad(set_to_none=True)


def summary(moved: dict[str, Any]) -> dict[str, Any]:
    """Means with 95 % intervals over resampled pairs; the gap is the highest fifth's minus the lowest's."""
    import numpy as np

    drawing = np.random.default_rng(7)
    means = {
        side: drawing.choice(values, (RESAMPLES, len(values))).mean(axis=1) for side, values in moved.items()
    }
    gap = means["highest"] - means["lowest"]

    def told(mean: float, drawn: Any) -> dict[str, Any]:
        low, high = np.quantile(drawn, [0.025, 0.975])
        return {"mean": round(float(mean), 3), "interval": [round(float(low), 3), round(float(high), 3)]}

    found = {side: told(values.mean(), means[side]) for side, values in moved.items()}
    shares = {side: round(float((values < 0).mean()), 2) for side, values in moved.items()}
    return {
        **found,
        "gap": told(moved["highest"].mean() - moved["lowest"].mean(), gap),
        "share_lowered": shares,
    }


if __name__ == "__main__":
    main()
