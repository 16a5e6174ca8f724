"""What model judges leave behind that hints at a wrong label, without any label of a person.

Verdicts are −1 (the first is better), 0 (a tie) and 1 (the second); NaN where a judge said nothing. Every
column is the same when the sides of all pairs are exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JudgeEvidence:
    """n pairs with the verdicts of J model judges; the main judge's verdict is the label a model would give.

    ``main`` (n,), ``panel`` (n, J) the other judges, ``flipped`` (n,) 1 where the main judge named different
    winners in the two orders, ``confidence`` (n,) its own probability of its verdict, 0.5..1; NaN = unknown.
    ``first``, ``second`` (n,): ids of the texts, ``groups`` (n,): ids of the prompts.
    """

    main: Floats
    panel: Floats
    flipped: Floats
    confidence: Floats
    first: Ints
    second: Ints
    groups: Ints


def disagreement(evidence: JudgeEvidence) -> Floats:
    """Share of the other judges that did not say what the main one said; NaN where there is none."""
    heard = np.isfinite(evidence.panel)
    other = (evidence.panel != evidence.main[:, None]) & heard
    total = heard.sum(axis=1)
    return np.where(total > 0, other.sum(axis=1) / np.maximum(total, 1), np.nan)


def uncertainty(evidence: JudgeEvidence) -> Floats:
    """How unsure the judges are, 0..1: the mean of what is known of disagreement, doubt and flips.

    Doubt is 2·(1 − confidence). A verdict of a tie adds half of one more sign, for it names no side.
    """
    signs = np.column_stack([disagreement(evidence), 2 * (1 - evidence.confidence), evidence.flipped])
    known = np.isfinite(signs)
    sums = np.where(known, signs, 0.0).sum(axis=1) + 0.5 * (evidence.main == 0)
    return np.asarray(np.clip(sums / np.maximum(known.sum(axis=1), 1), 0.0, 1.0))


def standing(verdicts: Floats, evidence: JudgeEvidence) -> Floats:
    """How much better the second response does than the first in *other* verdicts on the same prompt.

    Where a response stands in several pairs, each response gets Σ of its results elsewhere / (their number +
    1), −1..1; the column is second minus first. A judge that goes against it contradicts itself.
    """
    n = len(verdicts)
    known = np.isfinite(verdicts)
    texts = np.concatenate([evidence.first, evidence.second])
    groups = np.concatenate([evidence.groups, evidence.groups])
    _unique, place = np.unique(np.stack([groups, texts]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    results = np.where(known, verdicts, 0.0)
    points = np.bincount(place, weights=np.concatenate([-results, results]))
    played = np.bincount(place, weights=np.concatenate([known, known]).astype(np.float64))
    one, other = place[:n], place[n:]
    for_first = (points[one] + results) / (played[one] - known + 1)
    for_second = (points[other] - results) / (played[other] - known + 1)
    return np.asarray(for_second - for_first)


def judge_columns(evidence: JudgeEvidence, judges: Sequence[str]) -> dict[str, Floats]:
    """Everything above as named columns for a learned router; ``judges`` names the panel."""
    side = np.where(np.isfinite(evidence.main), np.sign(evidence.main), 0.0)
    panel = np.where(np.isfinite(evidence.panel), evidence.panel, 0.0)
    main = standing(evidence.main, evidence)
    columns = {
        "disagreement": disagreement(evidence),
        "flip": evidence.flipped,
        "doubt": 2 * (1 - evidence.confidence),
        "tie": (evidence.main == 0).astype(np.float64),
        "backed by its other verdicts": side * main,
        "clear standing": np.abs(main),
    }
    for place, name in enumerate(judges):
        columns[f"backed by {name}"] = side * panel[:, place]
        others = standing(evidence.panel[:, place], evidence)
        columns[f"backed by other verdicts of {name}"] = side * others
    return columns
