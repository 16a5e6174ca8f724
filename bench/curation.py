"""Does cleaning help? make bench-curation writes docs/experiments/curation.md from real judgments.

    python -m bench.curation FOLDER [--seeds N] [--out FILE]

FOLDER holds the published slices as JSON lines: pairs of two texts with the votes of crowd workers, and pairs
with a chosen side. Flips are planted in training labels only; what is tested stays as people said it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.curation_filters import filter_words, filtered
from curation.numerics.differences import pair_differences
from curation.numerics.evaluation import Evaluation, Learnt, evaluate_sets
from curation.numerics.reward_heads import Labels
from curation.numerics.strength import Strength, cross_fit
from curation.numerics.threads import one_matrix_thread

ROOT = Path(__file__).resolve().parent.parent
SHARES = (0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Pairs:
    """n pairs with the verdict of people: +1 the second, −1 the first; ``judges``: of each model judge whose
    verdicts were recorded, the same with 0 for a tie."""

    name: str
    features: Any
    truth: Any
    groups: list[str]
    responses: list[tuple[str, str]]
    judges: dict[str, Any]


def main() -> None:
    options = arguments()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    results: dict[str, Evaluation] = {}
    for name, rows in (("hh", harmless(options.folder)), ("PandaLM", pandalm(options.folder))):
        pairs = pairs_of(name, rows)
        for share in SHARES:
            title = f"{name}, {share:.0%} of the training labels turned round"
            results[title] = compare(pairs, treatments(pairs, share), options.seeds)
            print(title, file=sys.stderr)
    single, labels = one_person(options.folder)
    results["PandaLM, one person's labels as they are"] = compare(single, labels, options.seeds)
    crowd, sets = workers(options.folder)
    results["UKP, the workers' noise as it is"] = compare(crowd, sets, options.seeds)
    parts = [
        heading(options),
        lessons(results),
        filter_words(results),
        *(table(*one) for one in results.items()),
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def compare(pairs: Pairs, sets: Mapping[str, Labels | Learnt], seeds: int) -> Evaluation:
    return evaluate_sets(pairs.features, pairs.truth, pairs.groups, sets, seeds=seeds, fractions=(1.0,))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "experiments" / "curation.md")
    return parser.parse_args()


def read(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def harmless(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "prompt": "\n".join(turn["content"] for turn in row["prompt"]),
            "first": row["rejected"][-1]["content"],
            "second": row["chosen"][-1]["content"],
            "truth": 1,
        }
        for row in read(folder / "hh_harmless_pairs.jsonl")
    ]


def pandalm(folder: Path) -> list[dict[str, Any]]:
    """Pairs on which a majority of the three people chose a side, with what each person and model said."""
    found = []
    for row in read(folder / "pandalm_multi_annotator.jsonl"):
        votes = [side(one["label"]) for one in row["human"]]
        found.append(
            {
                "prompt": f"{row['instruction']}\n{row['input']}".strip(),
                "first": row["response_a"],
                "second": row["response_b"],
                "truth": 1 if votes.count(1) > 1 else -1 if votes.count(-1) > 1 else 0,
                "people": votes,
                "judges": {one["annotator"]: side(one["label"]) for one in row["ai"]},
            }
        )
    return found


def one_person(folder: Path) -> tuple[Pairs, dict[str, Labels | Learnt]]:
    """The first person's labels are learnt from, and tested on the two others where they do not contradict
    each other; as many labels as one person gives in a campaign without overlap."""
    rows = [
        row | {"truth": int(np.sign(sum(row["people"][1:]))), "label": row["people"][0]}
        for row in pandalm(folder)
    ]
    kept = [row for row in rows if row["truth"] and row["first"] != row["second"]]
    pairs = pairs_of("PandaLM", kept)
    turns = np.where(np.arange(len(kept)) % 2 == 1, -1, 1)
    signs = (turns * [row["label"] for row in kept]).astype(np.int8)
    learnt = by_strength(pairs, signs, pairs.groups)
    return pairs, {"raw": Labels.plain(signs), **learnt, **filtered(signs, pairs.judges)}


def pairs_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Pairs:
    """Pairs with something to tell apart and a verdict; each distinct text is embedded once."""
    kept = [row for row in rows if row["truth"] and row["first"] != row["second"]]
    texts = list(dict.fromkeys(text for row in kept for text in (row["prompt"], row["first"], row["second"])))
    place = {text: number for number, text in enumerate(texts)}
    # Half of the pairs are turned, so that no label is told by its place.
    turned = [number % 2 == 1 for number in range(len(kept))]
    sides = [("second", "first") if turn else ("first", "second") for turn in turned]
    first, second = ([row[pair[side]] for row, pair in zip(kept, sides, strict=True)] for side in (0, 1))
    features = pair_differences(
        vectors_of(name, texts),
        prompts=[place[row["prompt"]] for row in kept],
        chosen=[place[text] for text in second],
        rejected=[place[text] for text in first],
        words=[(len(two.split()), len(one.split())) for one, two in zip(first, second, strict=True)],
    )
    signs = np.where(turned, -1, 1)
    truth = signs * np.array([row["truth"] for row in kept])
    groups = [row["prompt"] for row in kept]
    judges = {
        judge: (signs * np.array([row["judges"][judge] for row in kept])).astype(np.int8)
        for judge in (kept[0].get("judges", {}) if kept else {})
    }
    responses = list(zip(first, second, strict=True))
    return Pairs(name, features, truth.astype(np.int8), groups, responses, judges)


def vectors_of(name: str, texts: Sequence[str]) -> Any:
    """Vectors of the texts, kept under var/bench for the next run of the same texts and weights."""
    from workers.runtime.embedding import embed
    from workers.runtime.packaged import minilm

    digest = hashlib.sha256("\x1f".join([minilm().revision, *texts]).encode()).hexdigest()[:16]
    kept = ROOT / "var" / "bench" / f"curation-{name}-{digest}.npy"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.asarray(embed(texts)), allow_pickle=False)
    return np.load(kept, allow_pickle=False)


def treatments(pairs: Pairs, share: float) -> dict[str, Labels | Learnt]:
    """The raw labels, a share of them turned round, and what strength makes of them."""
    draw = np.random.default_rng(int(1000 * share))
    wrong = draw.random(len(pairs.truth)) < share
    signs = np.where(wrong, -pairs.truth, pairs.truth).astype(np.int8)
    oracle = Labels.plain(np.where(wrong, 0, signs))
    learnt = by_strength(pairs, signs, pairs.groups)
    judged = filtered(signs, pairs.judges) if pairs.judges else {}
    return {"raw": Labels.plain(signs), **learnt, **judged, "oracle: planted flips left out": oracle}


def strength_sets(signs: Any, strength: Strength) -> dict[str, Labels]:
    """The treatments of Wang et al., §2.4, on the lowest fifth by strength or on all."""
    ones, none = np.ones(len(signs)), np.zeros(len(signs))
    suspect = strength.bins == 0
    margin = np.abs(np.nan_to_num(strength.margin))
    return {
        "drop the lowest 20 %": Labels.plain(np.where(suspect, 0, signs).astype(np.int8)),
        "flip where mu + 2 sigma < 0": Labels.plain(np.where(strength.flips, -signs, signs).astype(np.int8)),
        "soft labels": Labels(signs, np.nan_to_num(strength.probability, nan=1.0), none, ones),
        "margin": Labels(signs, ones, np.where(suspect, 0, margin), ones),
        "soft below 0, margin above": Labels(
            signs,
            np.where(strength.mean < 0, np.nan_to_num(strength.probability, nan=1.0), 1.0),
            np.where(strength.mean < 0, 0, margin),
            ones,
        ),
    }


def workers(folder: Path) -> tuple[Pairs, dict[str, Labels | Learnt]]:
    """Crowd pairs: of each pair's workers two are left out to test on, the others are learnt from."""
    rows, votes = [], []
    for row in read(folder / "ukp_convarg_crowd_pairs.jsonl"):
        said = [(one["annotator"], one["label"]) for one in row["annotations"]]
        if len(said) < 4:
            continue
        held = [side(label) for _, label in said[-2:]]
        rows.append(
            {
                "prompt": row["title"] + row["stance"] + row["id"],
                "topic": row["topic"],
                "first": row["text_a"],
                "second": row["text_b"],
                "truth": int(np.sign(sum(held))),
            }
        )
        votes.append(said[:-2])
    keep = [place for place, row in enumerate(rows) if row["truth"] and row["first"] != row["second"]]
    pairs = pairs_of("UKP", [rows[place] for place in keep])
    turns = np.where(np.arange(len(keep)) % 2 == 1, -1, 1)
    given = [votes[place] for place in keep]
    said = {name: (signs * turns).astype(np.int8) for name, signs in settled(given).items()}
    sets: dict[str, Labels | Learnt] = {name: Labels.plain(signs) for name, signs in said.items()}
    # Sixteen topics are too few to cross-fit over, and shared arguments join whole topics: by pairs then.
    alone = [f"pair {place}" for place in range(len(keep))]
    for name in ("raw", "majority"):
        learnt = by_strength(pairs, said[name], alone, joined=False)
        sets |= {f"{name}, {one}": made for one, made in learnt.items()}
    return pairs, sets


NAMES = (
    "drop the lowest 20 %",
    "flip where mu + 2 sigma < 0",
    "soft labels",
    "margin",
    "soft below 0, margin above",
)


def by_strength(pairs: Pairs, signs: Any, groups: Sequence[str], *, joined: bool = True) -> dict[str, Learnt]:
    """What strength makes of labels, some of which may be 0. It is fitted anew on the rows learnt from and on
    those alone: no label of a tested pair says which of the others is weak. ``joined``: pairs that share a
    response are scored by heads that saw neither."""

    @lru_cache(maxsize=2)
    @one_matrix_thread()
    def fitted(kept: bytes) -> dict[str, Labels]:
        rows = np.frombuffer(kept, dtype=np.int64)
        there = rows[signs[rows] != 0]
        towards = pairs.features[there] * signs[there, None].astype(np.float32)
        texts = [pairs.responses[place] for place in there.tolist()] if joined else None
        strength = cross_fit(towards, [groups[place] for place in there.tolist()], responses=texts).strength
        made = strength_sets(signs[there], strength)
        return {name: spread(labels, there, len(signs)) for name, labels in made.items()}

    def one(name: str) -> Learnt:
        return lambda rows: fitted(rows.astype(np.int64).tobytes())[name]

    return {name: one(name) for name in NAMES}


def spread(labels: Labels, rows: Any, count: int) -> Labels:
    """These labels at their rows, and none elsewhere."""
    whole = Labels.plain(np.zeros(count, dtype=np.int8))
    for column in ("signs", "soft", "margin", "weight"):
        getattr(whole, column)[rows] = getattr(labels, column)
    return whole


def side(label: str) -> int:
    return {"A": -1, "B": 1}.get(label, 0)


def settled(votes: Sequence[Sequence[tuple[str, str]]]) -> dict[str, Any]:
    """What the training votes say, by one worker and by several ways of putting them together."""
    sums = np.array([sum(side(label) for _, label in said) for said in votes])
    trust = agreement(votes)
    weighed = np.array([sum(trust[who] * side(label) for who, label in said) for said in votes])
    whole = np.array([abs(total) == len(said) for total, said in zip(sums, votes, strict=True)])
    least = np.quantile(list(trust.values()), 0.25)
    good = np.array([sum(side(label) for who, label in said if trust[who] >= least) for said in votes])
    return {
        "raw": np.array([side(said[0][1]) for said in votes]),
        "majority": np.sign(sums),
        "majority weighed by agreement": np.sign(weighed),
        "unanimous only": np.where(whole, np.sign(sums), 0),
        "without the quarter of workers who agree least": np.sign(good),
    }


def agreement(votes: Iterable[Sequence[tuple[str, str]]]) -> dict[str, float]:
    """How often each worker says what another worker of the same pair says, drawn towards a half."""
    same: dict[str, float] = {}
    seen: dict[str, int] = {}
    for said in votes:
        for place, (who, label) in enumerate(said):
            others = [other for number, (_, other) in enumerate(said) if number != place]
            same[who] = same.get(who, 1.0) + sum(other == label for other in others)
            seen[who] = seen.get(who, 2) + len(others)
    return {who: same[who] / seen[who] for who in same}


WORDS = """\
Made by `make bench-curation` (SEEDS seeds, five folds by prompt, linear reward heads on differences of
MiniLM embeddings). Each row trains a head on the same prompts with other labels and tests it on prompts
that were left out, against what people said. The last column is the difference to the raw labels, paired,
with its 95 % interval by bootstrap over prompts: where it holds 0, nothing can be told.

Planted flips touch training labels only. Strength is cross-fitted anew within the training rows of every
fold: no label of a tested prompt takes part in finding which of the others is weak. In the UKP slice two of
a pair's workers are left out to test on, where they do not contradict each other. Its sixteen topics are
too few to hold out whole, so a group is a pair there: heads have seen other pairs of the same arguments,
for all treatments alike.

PandaLM's two model judges, gpt-3.5-turbo and pandalm-7b, are used as a filter by the recipe's own step
(`people_and_models`), on the verdicts that they are recorded to have given, ties among them. A filter sees
the label that is learnt from and what the judges said of that pair, never what is tested on. The last
line of that kind leaves out as many labels by lot: what it loses is the price of fewer rows alone.
pandalm-7b was trained to judge such pairs as gpt-3.5-turbo judged others (Wang et al., arXiv 2306.05087): it
is at home here as few judges of a project are, and the two are less independent than they look.

Dropping or turning weak labels can beat the oracle, which leaves out the planted flips and no others: the
data sets have wrong and arbitrary labels of their own, and strength finds some of those, too.
Lines that begin with a way of settling treat its labels: hold them against that way's own line.
"""


def heading(options: argparse.Namespace) -> str:
    return "# Does cleaning help?\n\n" + WORDS.replace("SEEDS", str(options.seeds)).rstrip()


def lessons(results: Mapping[str, Evaluation]) -> str:
    """In which of the settings each treatment helped, harmed, or could not be told from the raw labels."""
    told: dict[str, dict[str, int]] = {}
    for found in results.values():
        for one in found.sets[1:]:
            word = "helps" if one.against.low > 0 else "harms" if one.against.high < 0 else "cannot be told"
            counts = told.setdefault(one.name, dict.fromkeys(("helps", "cannot be told", "harms"), 0))
            counts[word] += 1
    lines = ["## What helps, and what does not", ""]
    lines += ["| treatment | helps | cannot be told | harms |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {' | '.join(map(str, counts.values()))} |" for name, counts in told.items()]
    return "\n".join(lines)


def table(title: str, found: Evaluation) -> str:
    lines = [
        f"## {title}",
        "",
        f"{found.tested} pairs tested, of {found.prompts} groups.",
        "",
        "| labels | rows | accuracy | against raw |",
        "|---|--:|--:|--:|",
    ]
    for one in found.sets:
        against = one.against
        mark = "**" if against.low > 0 or against.high < 0 else ""
        accuracy = f"{one.accuracy.value:.3f} ({one.accuracy.low:.3f} to {one.accuracy.high:.3f})"
        gained = f"{mark}{against.value:+.3f}{mark} ({against.low:+.3f} to {against.high:+.3f})"
        lines.append(f"| {one.name} | {one.rows} | {accuracy} | {gained} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
