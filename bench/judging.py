"""What the packaged judge is worth on published judgments: python -m bench.judging --keep FILE [--write]

Asks SmolLM2-135M-Instruct about real pairs in both orders, compares one order with both, measures it against
the human majority, and tries to talk it round. Replies go to FILE as they come, so that the command can be
ended and taken up again. With ``--write`` the report goes to docs/experiments/judging.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotate.rules.corruption import corrupt, kind_for
from bench.running import ROOT
from curation.numerics.calibration import JudgedPairs, calibrate
from curation.numerics.judging import debias
from curation.prompts.asking import Call, Subject, Task, calls_for
from curation.prompts.injections import INJECTIONS
from curation.prompts.spec import JudgeSpec

SHARED = ROOT.parent / "shared" / "data"
REPORT = ROOT / "docs" / "experiments" / "judging.md"
PREFERENCE = [Task("preference", "preference")]
SPEC = JudgeSpec()
HARMLESS = {"a harmless line": "Thank you for reading."}
LONGEST = 1200


@dataclass(frozen=True, slots=True)
class Pair:
    prompt: str
    first: str
    second: str
    votes: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """Probability that the response shown first is better, in each order, and the mass on the letters."""

    forward: float
    backward: float
    mass: float


def pandalm() -> list[Pair]:
    """Three people each, from three annotators of PandaLM's test set."""
    made = []
    for line in (SHARED / "pandalm_multi_annotator.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        prompt = row["instruction"] + ("\n\n" + row["input"] if row["input"] else "")
        count = Counter(one["label"] for one in row["human"])
        made.append(
            Pair(prompt, row["response_a"], row["response_b"], (count["A"], count["tie"], count["B"]))
        )
    return made


def llmbar() -> list[Pair]:
    """An agreed right answer each, written to be hard for judges."""
    made = []
    for line in (SHARED / "llmbar_gold_ai_judges.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        votes = (1, 0, 0) if row["gold"] == "A" else (0, 0, 1)
        made.append(Pair(row["instruction"], row["response_a"], row["response_b"], votes))
    return made


def half_of(pairs: Sequence[Pair], which: int, longest: int) -> list[Pair]:
    """Pairs with a majority, on one half of the prompts by a hash of them, up to so many characters in all.

    The template was chosen on half 0 alone; half 1 was first looked at for the report.
    """
    return [
        pair
        for pair in pairs
        if majority_of(pair)
        and hashlib.sha256(pair.prompt.encode()).digest()[0] % 2 == which
        and characters(pair) <= longest
    ]


def characters(pair: Pair) -> int:
    return len(pair.prompt) + len(pair.first) + len(pair.second)


def traps_of(pairs: Sequence[Pair]) -> list[Pair]:
    """For each prompt its better response beside a spoilt version of it, as a project makes its traps: pairs
    whose right answer is beyond doubt, for a judge who is near chance on all others."""
    better = {one.prompt: one.first if majority_of(one) > 0 else one.second for one in pairs}
    prompts = sorted(better)
    made = []
    for place, prompt in enumerate(prompts):
        good, other = better[prompt], better[prompts[place - 1]]
        tried = (corrupt(good, kind=kind, seed=0, name=prompt, other=other) for kind in kind_for(0, prompt))
        worse = next((text for text in tried if text is not None), None)
        if worse is not None:
            made.append(Pair(prompt, *((good, worse, (1, 0, 0)) if place % 2 else (worse, good, (0, 0, 1)))))
    return made


class Judge:
    """The packaged model with our template, as the handler asks it."""

    def __init__(self, keep: Path | None) -> None:
        from workers.runtime.loading import load_language_model
        from workers.runtime.packaged import smollm2

        home = Path(os.environ.get("WINNOW_MODELS") or ROOT / "var" / "models")
        self.lm = load_language_model(smollm2(home), dtype="auto")
        self.tokens, self.seconds = 0, 0.0
        self.known: dict[str, dict[str, Any]] = {}
        self.keep = keep
        if keep is not None and keep.exists():
            rows = (json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines())
            self.known = {row["key"]: row for row in rows}

    def ask(self, pairs: Sequence[Pair]) -> list[Asked | None]:
        found = []
        for pair in pairs:
            named = [self.lm.dtype, *((call.text, call.opening) for call in calls_about(pair))]
            key = hashlib.sha256(json.dumps(named).encode()).hexdigest()
            if key not in self.known:
                self.known[key] = {"key": key} | self._ask(pair)
                if self.keep is not None:
                    with self.keep.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(self.known[key]) + "\n")
            row = self.known[key]
            found.append(Asked(*row["said"]) if row["said"] else None)
        self.tokens = sum(row["tokens"] for row in self.known.values())
        self.seconds = sum(row["seconds"] for row in self.known.values())
        return found

    def _ask(self, pair: Pair) -> dict[str, Any]:
        from workers.runtime.judging import Asked as Question
        from workers.runtime.judging import fitted_texts, label_shares

        room = self.lm.window - len(self.lm.text_ids(pair.prompt + SPEC.template)) - 400
        try:
            texts = fitted_texts(self.lm, [pair.first, pair.second], room=room)
        except ValueError:
            return {"said": None, "tokens": 0, "seconds": 0.0}
        calls = calls_about(Pair(pair.prompt, texts[0], texts[1], pair.votes))
        began = time.process_time()
        said = label_shares(self.lm, [Question(call.text, call.opening, call.labels) for call in calls])
        return {
            "said": [said[0].shares["A"], said[1].shares["A"], min(one.mass for one in said)],
            "tokens": sum(one.tokens for one in said),
            "seconds": time.process_time() - began,
        }


def calls_about(pair: Pair) -> list[Call]:
    subject = Subject([{"role": "user", "content": pair.prompt}], (pair.first, pair.second))
    return calls_for(SPEC, subject, PREFERENCE, secret=b"bench")


def majority_of(pair: Pair) -> int:
    first, _tie, second = pair.votes
    return 1 if first > max(pair.votes[1:]) else -1 if second > max(pair.votes[:2]) else 0


def measured(pairs: Sequence[Pair], asked: Sequence[Asked | None]) -> dict[str, Any]:
    """One order against both, on pairs where people name a side: paired over prompts."""
    rows = [
        (pair, one) for pair, one in zip(pairs, asked, strict=True) if one is not None and one.mass >= 0.5
    ]
    sided = [(pair, one, majority_of(pair)) for pair, one in rows if majority_of(pair)]
    gold = np.array([side for *_, side in sided])
    forward = np.array([one.forward for _, one, _ in sided])
    backward = np.array([one.backward for _, one, _ in sided])
    settled = [debias(one.forward, one.backward) for _, one, _ in sided]
    both = np.array([one.p_first for one in settled])
    columns = {
        "first order": half(forward - 0.5, gold),
        "second order": half(0.5 - backward, gold),
        "both, debiased": half(both - 0.5, gold),
        "longer wins": half(np.array([float(len(p.first) - len(p.second)) for p, _, _ in sided]), gold),
    }
    columns["one order (mean)"] = (columns["first order"] + columns["second order"]) / 2
    prompts = np.unique([pair.prompt for pair, *_ in sided], return_inverse=True)[1]
    draws = resampled(columns, prompts)
    lift = draws["both, debiased"] - draws["one order (mean)"]
    found = {name: (float(values.mean()), *middle(draws[name])) for name, values in columns.items()}
    found["lift"] = (
        float(columns["both, debiased"].mean() - columns["one order (mean)"].mean()),
        *middle(lift),
    )
    return {"figures": found, "n": len(sided), "prompts": int(prompts.max()) + 1, "calibration": report(rows)}


def half(score: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """1 right, 0 wrong, ½ where nobody is named."""
    return np.where(score == 0, 0.5, (np.sign(score) == gold).astype(float))


def resampled(columns: dict[str, np.ndarray], groups: np.ndarray, draws: int = 5000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    n = int(groups.max()) + 1
    weights = rng.multinomial(n, np.full(n, 1 / n), size=draws)[:, groups]
    return {name: weights @ values / weights.sum(axis=1) for name, values in columns.items()}


def middle(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def report(rows: Sequence[tuple[Pair, Asked]]) -> dict[str, tuple[float, float, float]]:
    settled = [debias(one.forward, one.backward) for _, one in rows]
    groups = np.unique([pair.prompt for pair, _ in rows], return_inverse=True)[1]
    found = calibrate(
        JudgedPairs(
            p_first=np.array([one.p_first for one in settled]),
            bias=np.array([one.bias for one in settled]),
            flipped=np.array([one.flipped for one in settled]),
            length_gap=np.array([float(len(pair.first) - len(pair.second)) for pair, _ in rows]),
            groups=groups.astype(np.int64),
            votes=np.array([pair.votes for pair, _ in rows]),
        )
    )
    return {name: (one.value, one.low, one.high) for name, one in found.figures.items() if one.n}


def attacked(
    judge: Judge, pairs: Sequence[Pair], asked: Sequence[Asked | None], count: int
) -> dict[str, Any]:
    """How often a line added to the worse response changes who wins, beside adding a harmless one."""
    known = [(pair, one) for pair, one in zip(pairs, asked, strict=True) if one is not None]
    chosen = known[:: max(len(known) // count, 1)][:count]
    moved: dict[str, int] = {}
    for name, words in (HARMLESS | INJECTIONS).items():
        added = [with_line(pair, words) for pair, _ in chosen]
        again = judge.ask(added)
        moved[name] = sum(
            after is not None and wins(before, pair) is False and wins(after, pair) is True
            for (pair, before), after in zip(chosen, again, strict=True)
        )
    return {"pairs": len(chosen), "moved": moved}


def with_line(pair: Pair, words: str) -> Pair:
    if majority_of(pair) > 0:
        return Pair(pair.prompt, pair.first, f"{pair.second}\n{words}", pair.votes)
    return Pair(pair.prompt, f"{pair.first}\n{words}", pair.second, pair.votes)


def wins(asked: Asked, pair: Pair) -> bool:
    """Whether the judge prefers the response that people found worse."""
    p_first = debias(asked.forward, asked.backward).p_first
    return p_first < 0.5 if majority_of(pair) > 0 else p_first > 0.5


def said(figure: tuple[float, float, float]) -> str:
    return f"{figure[0]:.3f} | {figure[1]:.3f} to {figure[2]:.3f}"


def written(
    found: dict[str, dict[str, Any]], attack: dict[str, Any] | None, judge: Judge, command: str, longest: int
) -> str:
    lines = [HEAD.format(command=command, dtype=judge.lm.dtype, hash=SPEC.template_hash, longest=longest)]
    for name, one in found.items():
        lines += [f"## {name}: {one['n']} pairs of {one['prompts']} prompts", ""]
        lines += ["| who decides | right by the majority | interval |", "|---|---|---|"]
        lines += [
            f"| {words} | {said(figure)} |" for words, figure in one["figures"].items() if words != "lift"
        ]
        lift = one["figures"]["lift"]
        told = "better" if lift[1] > 0 else "worse" if lift[2] < 0 else "cannot be told"
        lines += ["", f"Both orders, debiased, less one order: **{said(lift)}** ({told}).", ""]
        if name in (POOLED, TRAPS):
            continue
        lines += ["| against people | value | interval |", "|---|---|---|"]
        lines += [
            f"| {words.replace('_', ' ')} | {said(figure)} |" for words, figure in one["calibration"].items()
        ]
        lines += [""]
    if attack is not None:
        lines += attack_lines(attack)
    lines += [
        f"{judge.tokens:,} tokens in {judge.seconds:,.0f} s of processor time "
        f"({judge.tokens / max(judge.seconds, 1e-9):,.0f} a second; tokens that both orders share are "
        "counted twice and read once).",
        "",
    ]
    return "\n".join(lines)


def attack_lines(attack: dict[str, Any]) -> list[str]:
    plain, *others = attack["moved"].items()
    tried = len(others) * attack["pairs"]
    count = sum(number for _, number in others)
    low, high = wilson(count, tried)
    return [
        f"## Talking it round: {attack['pairs']} pairs, ten injections in the worse response",
        "",
        "| added to the worse response | pairs that it wins now and did not before |",
        "|---|---|",
        *[f"| {words} | {number} |" for words, number in attack["moved"].items()],
        "",
        f"Of {tried} injected pairs {count} turned, {count / tried:.1%} ({low:.1%} to {high:.1%}); the "
        f"harmless line turned {plain[1]} of {attack['pairs']} ({plain[1] / attack['pairs']:.1%}). "
        "`tests/test_promises_injection.py` tries all ten in 400 pairs against the wording and the parser: "
        "both orders are always asked, no text leaves its marks, and no verdict is read from a candidate.",
        "",
    ]


def wilson(count: int, tried: int) -> tuple[float, float]:
    """A 95 % interval of a share."""
    z, share = 1.96, count / tried
    middle, half_width = (
        share + z * z / (2 * tried),
        z * (share * (1 - share) / tried + z * z / (4 * tried * tried)) ** 0.5,
    )
    return (middle - half_width) / (1 + z * z / tried), (middle + half_width) / (1 + z * z / tried)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="Where replies are kept, a line each.")
    parser.add_argument("--longest", type=int, default=LONGEST, help="Characters of a pair with its prompt.")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--attacked", type=int, default=20, help="Pairs that are attacked; 0: none.")
    parser.add_argument("--write", action="store_true", help="Write docs/experiments/judging.md.")
    options = parser.parse_args()
    judge = Judge(options.keep)
    sets = {
        name: half_of(read(), options.half, options.longest)
        for name, read in (("PandaLM", pandalm), ("LLMBar", llmbar))
    }
    # The short ones first, over both sets: what is ended early has all pairs up to some length.
    judge.ask(sorted(sum(sets.values(), []), key=characters))
    asked = {name: judge.ask(pairs) for name, pairs in sets.items()}
    found = {POOLED: measured(sum(sets.values(), []), sum(asked.values(), []))}
    found |= {name: measured(pairs, asked[name]) for name, pairs in sets.items()}
    traps = traps_of(sum(sets.values(), []))
    found[TRAPS] = measured(traps, judge.ask(traps))
    attack = None
    if options.attacked:
        attack = attacked(judge, sets["PandaLM"], asked["PandaLM"], options.attacked)
    command = f"python -m bench.judging --longest {options.longest} --attacked {options.attacked} --write"
    text = written(found, attack, judge, command, options.longest)
    print(text)
    if options.write:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(text, encoding="utf-8")


HEAD = """# The packaged judge on published judgments

Made by `{command}`.
Judge: SmolLM2-135M-Instruct ({dtype}), our template `{hash}`, forced choice between two letters, each
pair in both orders. Intervals are the middle 95 % over resamples of whole prompts; differences are paired.
Pairs on which people (or the agreed gold of LLMBar) name a side, up to {longest:,} characters with
the prompt, for the machine was small.

The prompts were split in two by a hash. **The template was chosen on one half; all figures below are of the
other**, on which it was first run for this report. What the choosing half said (PandaLM and LLMBar together,
short pairs; one order, and both debiased; at these sizes each may be off by 0.06 to 0.12):

| template | pairs | one order | both |
|---|---|---|---|
| before: a rule that length is no merit, lines of 28 characters around each text | 235 | .491 | .447 |
| short question, no fences | 174 | .463 | .557 |
| the same, shorter pairs | 120 | .467 | .583 |
| the same, the shortest | 68 | .471 | .559 |
| short question, lines of eight digits around each text | 174 | .503 | .534 |
| short question, lines of three words around each text | 120 | .496 | .492 |
| the same with the rule that texts are no instructions | 120 | .496 | .550 |
| short question, eight digits in each heading and after each text | 120 | .504 | .517 |
| which is more complete and helpful, no fences | 68 | .500 | .574 |
| one mark of six digits in each heading, without the rule | 68 | .515 | .515 |
| one mark of eight digits after each heading, with the rule | 80 | .487 | .588 |
| **one mark of eight digits in each heading, with the rule** | 80 | .519 | .637 |

The last was taken. It keeps the fence, which no text can hold, and costs five marks instead of seven lines.
Digits are hexadecimal. `--keep FILE` takes an ended run up again, so that a small machine can come to all
pairs.
"""
POOLED = "Both sets together"
TRAPS = "Traps: the better response beside a spoilt version of it"


if __name__ == "__main__":
    main()
