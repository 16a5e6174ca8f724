"""What a judge that was asked in both orders says: hard verdicts, letters' log-probabilities, samples, and
how far two raters agree.

Sources: the swap rule is that of MT-bench (Zheng et al. 2023, arXiv 2306.05685, §3.4); the counts are those
of LLMBar (Zeng et al. 2024, arXiv 2310.07641, §4); kappa is Cohen's (1960); one-letter probabilities as
AlpacaEval reads them; self-consistency after Wang et al. 2023 (arXiv 2203.11171).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, nan
from typing import Literal

Side = Literal["first", "second", "tie"]


def swap_verdict(original: Side | None, swapped: Side | None) -> Side | None:
    """One verdict from both orders, each already turned back to the stored sides: what both say, else a tie.

    None (missing) where either order gave no verdict: a reply that cannot be read is no opinion.
    """
    if original is None or swapped is None:
        return None
    return original if original == swapped else "tie"


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """``correct_original``, ``correct_swapped``: right answers in each order. ``correct_both``: right in
    both. ``same``: the two orders agree. ``kappa``: Cohen's kappa between the two orders. ``right``,
    ``wrong``, ``ties``: by the swap rule. ``n``: pairs; ``missing``: pairs with an order that gave no
    verdict."""

    n: int
    correct_original: int
    correct_swapped: int
    correct_both: int
    same: int
    kappa: float
    right: int
    wrong: int
    ties: int
    missing: int


def count_orders(
    original: Sequence[Side | None], swapped: Sequence[Side | None], gold: Sequence[Side]
) -> OrderCounts:
    """Counts over n pairs. Raises ValueError when the three are not equally long.

    As published for LLMBar: a missing verdict is right nowhere, two missing ones count as the same, and kappa
    takes every verdict that is not "first" as one other class.
    """
    rows = list(zip(original, swapped, gold, strict=True))
    final = [swap_verdict(one, other) for one, other, _ in rows]
    return OrderCounts(
        n=len(rows),
        correct_original=sum(one == right for one, _, right in rows),
        correct_swapped=sum(other == right for _, other, right in rows),
        correct_both=sum(one == other == right for one, other, right in rows),
        same=sum(one == other for one, other, _ in rows),
        kappa=cohen_kappa([one == "first" for one, _, _ in rows], [two == "first" for _, two, _ in rows]),
        right=sum(said == right for said, (_, _, right) in zip(final, rows, strict=True)),
        wrong=sum(said not in (right, "tie", None) for said, (_, _, right) in zip(final, rows, strict=True)),
        ties=sum(said == "tie" for said in final),
        missing=sum(said is None for said in final),
    )


def cohen_kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Agreement of two raters beyond chance: (p_o − p_e) / (1 − p_e) over n items.

    NaN where it is not defined: no items, or both raters gave one and the same label throughout. Raises
    ValueError when the two are not equally long.
    """
    pairs = list(zip(one, other, strict=True))
    if not pairs:
        return nan
    n = len(pairs)
    left, right = Counter(one), Counter(other)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(left[label] * right[label] for label in left) / n**2
    return nan if expected >= 1.0 else (observed - expected) / (1.0 - expected)


def label_probability(logprobs: Mapping[str, float], labels: Sequence[str]) -> tuple[float, float] | None:
    """Probability of ``labels[0]`` given that one of ``labels`` is said, and the mass on all of them.

    ``logprobs``: natural log-probabilities of the likeliest next tokens, by their text; every spelling that
    is a label but for surrounding blanks counts. A label that is not among them has probability 0. None where
    no label is there, or only with probability 0. NaN and +inf are passed over.
    """
    mass = dict.fromkeys(labels, 0.0)
    for token, value in logprobs.items():
        if token.strip() in mass and value <= 0:
            mass[token.strip()] += exp(value)
    whole = sum(mass.values())
    if whole <= 0 or not isfinite(whole):
        return None
    return mass[labels[0]] / whole, min(whole, 1.0)


@dataclass(frozen=True, slots=True)
class Consistency:
    """``verdict``: what most samples say, None for a draw. ``share``: the part of the samples that says it.
    ``first_shown``: how often the place shown first won, minus ½."""

    verdict: Side | None
    share: float
    first_shown: float


def self_consistency(original: Sequence[Side], swapped: Sequence[Side]) -> Consistency:
    """Majority of k samples in each order.

    Both are given *as shown*: "first" is the response that stood first in that order. Raises ValueError
    when there are no samples.
    """
    if not original and not swapped:
        raise ValueError("Self-consistency needs at least one sample.")
    mirrored: dict[Side, Side] = {"first": "second", "second": "first", "tie": "tie"}
    turned = Counter([*original, *(mirrored[one] for one in swapped)])
    n = len(original) + len(swapped)
    (best, votes), *rest = turned.most_common()
    draw = bool(rest) and rest[0][1] == votes
    shown = [*original, *swapped]
    first = (shown.count("first") + shown.count("tie") / 2) / n
    return Consistency(None if draw else best, votes / n, first - 0.5)


def category_score(subsets: Sequence[tuple[int, int]]) -> float:
    """RewardBench's score of a category: right answers over all pairs of its subsets, as (right, n); so large
    subsets weigh more. NaN without pairs. (Lambert et al. 2024, arXiv 2403.13787, §3.)"""
    total = sum(n for _, n in subsets)
    return sum(right for right, _ in subsets) / total if total else nan
