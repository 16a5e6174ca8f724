"""What each routing policy buys on published judgments: docs/experiments/routing.md

    python -m bench.routing_experiment --data FOLDER [--seeds 20] [--write docs/experiments/routing.md]

Replays every policy on four slices, 20 seeds each, and prints the report; with ``--write``, into that file.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from bench.routing_slices import SLICES, Slice

# As in a project that says nothing else.
RULES = ("safety: moderate", "safety: high", "complexity: complex", "expertise: expert domain knowledge")

WORDS = {
    "random": "random",
    "everyone": "in the order they came",
    "uncertainty": "judges unsure",
    "disagreement": "judges disagree",
    "rules": "rules",
    "learned": "**learned**",
    "learned_live": "**learned on the way**",
    "mixture": "best predicted mixture",
    "oracle": "oracle",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--write", type=Path)
    parser.add_argument(
        "--no-reward", action="store_true", help="Without embeddings: no reward heads, no mixture policy."
    )
    options = parser.parse_args()
    parts = [HEAD.format(seeds=options.seeds, flags=" --no-reward" if options.no_reward else "")]
    for read in SLICES:
        began = time.process_time()
        part = read(options.data)
        found = play(part, seeds=options.seeds, reward=not options.no_reward)
        parts.append(section(part, found))
        sys.stderr.write(f"{part.name}: {time.process_time() - began:.0f} s of processor time\n")
    text = "\n".join([*parts, FOOT])
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    else:
        print(text)


def play(part: Slice, *, seeds: int, reward: bool) -> dict[str, Any]:
    """The replay of a slice with every policy; proxy reward models with ``reward``."""
    from curation.numerics.routing.playing import campaign_of, replay
    from workers.runtime.embedding import embed

    used = embed if reward else None
    campaign = campaign_of(part.records, part.human, main=part.main, rules=RULES, embed=used)
    found = replay(campaign, policies=None, budget=None, seeds=seeds)
    found["right"] = 1 - float(campaign.wrong.mean())
    found["prompts"] = len(set(campaign.groups.tolist()))
    return found


def section(part: Slice, found: dict[str, Any]) -> str:
    verdict = found["verdict"]
    lines = [
        f"## {part.name}",
        "",
        f"{found['items']} pairs on {found['prompts']} prompts: {part.what}. The judge is right on "
        f"{found['right']:.1%}.",
        "",
        "| policy | area | 95 % | of the way to the oracle | labels beyond its budget | reward head, area |",
        "|---|---|---|---|---|---|",
    ]
    rows = sorted(found["policies"].items(), key=lambda one: -one[1]["auc"])
    for name, one in rows:
        closed = {"random": 0.0, "oracle": 1.0}.get(name, verdict["gap_closed"].get(name))
        share = "–" if closed is None else f"{closed:.0%}"
        area, reward = verdict["areas"][name], verdict.get("reward_curves", {}).get(name)
        lines.append(
            f"| {WORDS[name]} | {one['auc']:.3f} | {area['low']:.3f} to {area['high']:.3f} | {share} | "
            f"{area['labels_used']} | {_reward_area(reward)} |"
        )
    against = verdict["learned_against_disagreement"]
    lines += [
        "",
        f"{verdict['words']} Learned minus judges disagree: {_span(against)}.",
        "",
        "Learned on the way, which pays for all its labels, minus the best simple policy "
        f"({verdict['best_simple']}): {_span(verdict['against_best_simple']['learned_live'])}; minus random: "
        f"{_span(verdict['against_random']['learned_live'])}.",
        "",
        *_reward_lines(verdict.get("reward", {})),
        *_reward_table(verdict.get("reward_curves", {}), [name for name, _ in rows]),
    ]
    return "\n".join(lines)


def _span(one: dict[str, Any]) -> str:
    told = {"better": "better", "worse": "worse", "unclear": "cannot be told"}[one["verdict"]]
    return f"{one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f}: {told})"


def _both(name: str) -> str:
    one, other = name.split(" - ")
    return f"{WORDS[one].strip('*')} less {WORDS[other]}"


def _reward_lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """How much better the reward heads are, mean over budgets."""
    if not found:
        return []
    rows = [f"| {_both(name)} | {_span(one)} |" for name, one in found.items()]
    return ["| reward heads trained on | difference in area |", "|---|---|", *rows, ""]


def _reward_table(curves: dict[str, dict[str, list[float]]], names: list[str]) -> list[str]:
    """The reward heads' accuracy by budget, a line a policy: the mean over seeds with its middle 95 %."""
    if not curves:
        return []
    budgets = curves[names[0]]["budget"]
    lines = [
        "Right about held-out pairs, by the share of labels that came from people:",
        "",
        "| reward heads trained on | " + " | ".join(f"{budget:.0%}" for budget in budgets) + " |",
        "|---" * (len(budgets) + 1) + "|",
    ]
    for name in names:
        one = curves[name]
        cells = [
            f"{value:.3f}<br>{low:.2f} to {high:.2f}"
            for value, low, high in zip(one["accuracy"], one["low"], one["high"], strict=True)
        ]
        lines.append(f"| {WORDS[name]} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _reward_area(curve: dict[str, list[float]] | None) -> str:
    import numpy as np

    if curve is None:
        return "–"
    return f"{np.trapezoid(curve['accuracy'], curve['budget']) / np.ptp(curve['budget']):.3f}"


HEAD = """# What each routing policy buys

Made by `python -m bench.routing_experiment --data FOLDER --seeds {seeds}{flags} --write
docs/experiments/routing.md`; the tables and the sentences under them are written by that command.

Each slice holds pairs that people *and* a model (or a cheaper judge) have judged. A policy sends pairs to
people in an order of its own; a label bought from people is right by definition, any other is right where the
judge agrees with them. The **area** under accuracy by budget is what a policy is worth over all budgets:
random is the floor, the oracle, which knows where the judge is wrong, the bound. Intervals are the middle
95 % over seeds and resamples of whole prompts; differences are paired, on the same seeds and resamples.

*Learned* ranks a pair by a router that was trained on nine tenths of the prompts, this pair's not among them:
those labels are in the fifth column, and not in its budget. *Learned on the way* begins with none, draws 5 %
at random, learns anew after every further 5 %, and pays for every label from its budget. *Judges unsure* is
the mean of disagreement, flips and doubt.

The *reward head* is a linear Bradley-Terry head on frozen MiniLM embeddings, trained on the labels that a
policy would have given and scored on people's labels of held-out prompts: a small stand-in for a reward
model. The first table has the area of its accuracy by budget, the last the accuracy at each budget: the mean
over seeds, and below it the middle 95 % of them. All policies meet the same held-out prompts in a seed, so
they are alike at 0 % (the judge's labels alone) and at 100 % (people's). Most of an interval is the draw of
those prompts, which the paired differences are free of. With `--no-reward` the command runs without
embeddings: that column is empty then, the last table is left out, and so is the policy *best predicted
mixture*, which needs them.

The router's columns were chosen while looking at these four slices, so the figures flatter it a little; on
other data it should be expected to do somewhat worse.
"""

FOOT = """## Reading it

A policy is only said to be better where the interval of the paired difference lies above 0. The rules are
keywords on the prompt, and no slice has much that they look for. UKP has no model judges: there, one crowd
worker stands for the cheap judge, so it says how routing does among people, not how it does with models.

The oracle bounds how right the labels are, and not the reward heads: which pairs are mended first matters to
them besides how many, and a head may stand higher with some labels of the judge than with people's alone.
Whether a policy's heads are the better ones is told by the paired differences, and mostly it cannot be.
"""


if __name__ == "__main__":
    main()
