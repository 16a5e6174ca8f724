"""How a model judge compares with people: calibrated, cross-fitted by prompt, every figure with an interval.

The human side is the majority of each pair; the ceiling is how often two people agree with each other, over
every pair of votes. Intervals are percentiles over resamples of whole prompts, for items of one prompt are
not independent; the two fitted coefficients are not fitted again in each resample.
Sources: agreement counts as MT-bench's (Zheng et al. 2023, arXiv 2306.05685, §4.2); tanh of the length gap as
in length-controlled AlpacaEval (Dubois et al. 2024, arXiv 2404.04475); ECE as Guo et al. 2017 (arXiv
1706.04599).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.numerics.judging import CLIP, TIE_BAND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 10
FOLDS = 5
# A ridge that keeps the fit finite where a judge and its people agree throughout.
RIDGE = 1e-2


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """n pairs that a judge and people answered; n rows each.

    ``p_first``: debiased probability that the first candidate is better. ``bias``: the logit that the place
    shown first gains. ``flipped``: the two orders named different winners. ``length_gap``: length of the
    first candidate minus that of the second, in any unit. ``groups``: an id of the prompt. ``votes`` (n, 3):
    how many people said first, tie, second; a row of zeros is a pair nobody judged.
    """

    p_first: Floats
    bias: Floats
    flipped: NDArray[np.bool_]
    length_gap: Floats
    groups: Ints
    votes: Ints

    def __post_init__(self) -> None:
        n = len(self.p_first)
        columns = (self.bias, self.flipped, self.length_gap, self.groups, self.votes)
        if any(len(column) != n for column in columns) or self.votes.shape != (n, 3):
            raise ValueError("Every column needs one row per pair, and votes three numbers per row.")
        if not np.isfinite(self.p_first).all() or np.any((self.p_first < 0) | (self.p_first > 1)):
            raise ValueError("p_first must hold probabilities.")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the middle 95 % of its resamples and the rows it rests on; NaN where it is not
    defined."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs whose calibrated probability lies in [low, high): what was said on average, and how it came
    out."""

    low: float
    high: float
    said: float
    came: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """``weights``: coefficients of the debiased logit and of tanh(length gap / sd), fitted on all pairs with
    a human side; ``length_sd`` is that sd. ``calibrated``: each pair's cross-fitted probability, NaN where
    there are too few prompts to hold any out. ``tie_band``: where the judge ties as often as its people
    do."""

    n_pairs: int
    n_groups: int
    tie_band: float
    tie_rate: float
    weights: tuple[float, float]
    length_sd: float
    calibrated: Floats
    figures: dict[str, Figure]
    reliability: list[ReliabilityBin] = field(default_factory=list)


def majority(votes: Ints) -> Floats:
    """Per row of (first, tie, second) counts: 1 first, 0 tie, −1 second, NaN where two lead together."""
    leads = votes == votes.max(axis=1, keepdims=True, initial=0)
    alone = (leads.sum(axis=1) == 1) & (votes.sum(axis=1) > 0)
    sides = np.array([1.0, 0.0, -1.0])[np.argmax(leads, axis=1)] if len(votes) else np.zeros(0)
    return np.where(alone, sides, np.nan)


def tie_band_for(p_first: Floats, tie_rate: float) -> float:
    """The band τ with which |p − ½| < τ holds for the share ``tie_rate`` of the pairs; 0 ties nothing."""
    gaps = np.sort(np.abs(p_first - 0.5))
    ties = int(round(tie_rate * len(gaps)))
    if not ties:
        return 0.0
    return float(gaps[ties] if ties < len(gaps) else np.nextafter(gaps[-1], 1.0))


def sides_of(p_first: Floats, tie_band: float) -> Floats:
    """1 first, 0 tie, −1 second; the middle itself is always a tie."""
    return np.where(np.abs(p_first - 0.5) < max(tie_band, 1e-12), 0.0, np.sign(p_first - 0.5))


def calibrate(
    pairs: JudgedPairs, *, n_boot: int = 1000, seed: int = 0, tie_band: float | None = None
) -> Calibration:
    """Compare a judge with its people.

    ``tie_band``: None sets it by the human tie rate. Raises ValueError without any pair that people judged.
    """
    human = majority(pairs.votes)
    known = ~np.isnan(human)
    if not known.any():
        raise ValueError("Calibration needs pairs that people judged.")
    tie_rate = float(np.mean(human[known] == 0))
    band = tie_band_for(pairs.p_first[known], tie_rate) if tie_band is None else tie_band
    features, length_sd = _features(pairs)
    decided = known & (human != 0)
    target = (human > 0).astype(np.float64)
    weights = fit_logistic(features[decided], target[decided]) if decided.any() else np.array([1.0, 0.0])
    calibrated = _cross_fitted(features, target, decided, pairs.groups)
    said = sides_of(pairs.p_first, TIE_BAND if band is None else band)
    columns = _columns(pairs, human, said, calibrated)
    figures = _bootstrap(columns, pairs.groups, n_boot, seed)
    return Calibration(
        n_pairs=int(known.sum()),
        n_groups=len(np.unique(pairs.groups[known])),
        tie_band=float(band),
        tie_rate=tie_rate,
        weights=(float(weights[0]), float(weights[1])),
        length_sd=length_sd,
        calibrated=calibrated,
        figures=figures,
        reliability=_reliability(calibrated, target, decided),
    )


def fit_logistic(features: Floats, target: Floats, *, ridge: float = RIDGE) -> Floats:
    """Logistic regression without intercept by Newton's method, n × d features, targets 0..1.

    Without an intercept the fit mirrors itself when the candidates are exchanged. ``ridge`` is the weight of
    ½‖w‖² beside the summed log-loss.
    """
    weights = np.zeros(features.shape[1])
    for _step in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (chance - target) + ridge * weights
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + ridge * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        # Far from the optimum a whole step may overshoot; two logits at a time is always safe here.
        weights = weights - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(slope).max()) < 1e-9:
            break
    return weights


def apply_calibration(p_first: Floats, length_gap: Floats, found: Calibration) -> Floats:
    """Calibrated probabilities of pairs that people have not judged."""
    z = found.weights[0] * _logit(p_first) + found.weights[1] * np.tanh(length_gap / found.length_sd)
    return 1.0 / (1.0 + np.exp(-z))


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, CLIP, 1 - CLIP)
    return np.log(clipped) - np.log1p(-clipped)


def _features(pairs: JudgedPairs) -> tuple[Floats, float]:
    # About 0, not about the mean: exchanging candidates must turn the sign and nothing else.
    sd = float(np.sqrt(np.mean(pairs.length_gap**2))) or 1.0
    return np.column_stack([_logit(pairs.p_first), np.tanh(pairs.length_gap / sd)]), sd


def _cross_fitted(features: Floats, target: Floats, decided: NDArray[np.bool_], groups: Ints) -> Floats:
    """Each pair's probability from a fit that has not seen its prompt."""
    ids, place = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(ids))
    fold = (order % min(FOLDS, len(ids)))[place]
    made = np.full(len(target), np.nan)
    for number in range(fold.max() + 1):
        held = fold == number
        rows = decided & ~held
        if rows.any():
            made[held] = 1.0 / (1.0 + np.exp(-features[held] @ fit_logistic(features[rows], target[rows])))
    return made


def _columns(pairs: JudgedPairs, human: Floats, said: Floats, calibrated: Floats) -> dict[str, Floats]:
    """Per pair the sums from which every figure is a ratio, so that resampling is one matrix product."""
    known = ~np.isnan(human)
    both = known & (human != 0) & (said != 0)
    decided = known & (human != 0) & ~np.isnan(calibrated)
    longer = np.sign(pairs.length_gap)
    apart = both & (longer != 0)
    answer = (human > 0).astype(np.float64)
    chance = np.where(decided, calibrated, 0.5)
    columns: dict[str, Floats] = {
        "all": np.ones(len(human)),
        "flipped": pairs.flipped.astype(np.float64),
        "bias": pairs.bias.astype(np.float64),
        "known": known.astype(np.float64),
        "right": (known & (human == said)).astype(np.float64),
        "both": both.astype(np.float64),
        "right_both": (both & (human == said)).astype(np.float64),
        "decided": decided.astype(np.float64),
        "squared": np.where(decided, (chance - answer) ** 2, 0.0),
        "right_calibrated": (decided & ((chance > 0.5) == (answer > 0.5))).astype(np.float64),
        "apart": apart.astype(np.float64),
        "longer_more": np.where(apart, (said == longer).astype(float) - (human == longer), 0.0),
    }
    columns |= _vote_columns(pairs.votes, said)
    for row, human_side in enumerate((1, 0, -1)):
        for column, judge_side in enumerate((1, 0, -1)):
            hit = known & (human == human_side) & (said == judge_side)
            columns[f"cell{row}{column}"] = hit.astype(np.float64)
    cell = _bin_of(chance)
    for number in range(BINS):
        inside = decided & (cell == number)
        columns[f"bin{number}"] = np.where(inside, chance - answer, 0.0)
    return columns


def _vote_columns(votes: Ints, said: Floats) -> dict[str, Floats]:
    """Every pair of votes of two people, and every vote against the judge: with ties and without."""
    counts = votes.astype(np.float64)
    total, sided = counts.sum(axis=1), counts[:, 0] + counts[:, 2]
    alike = (counts * (counts - 1) / 2).sum(axis=1)
    alike_sided = (counts[:, [0, 2]] * (counts[:, [0, 2]] - 1) / 2).sum(axis=1)
    column = np.select([said == 1, said == 0], [0, 1], 2)
    matched = counts[np.arange(len(counts)), column]
    return {
        "votes": total * (total - 1) / 2,
        "votes_alike": alike,
        "votes_sided": sided * (sided - 1) / 2,
        "votes_sided_alike": alike_sided,
        "against": total,
        "against_alike": matched,
        "against_sided": np.where(said != 0, sided, 0.0),
        "against_sided_alike": np.where(said != 0, matched, 0.0),
    }


def _bin_of(chance: Floats) -> Ints:
    return np.minimum((chance * BINS).astype(np.int64), BINS - 1)


# Figure: its sum above, its sum below, and the column that counts its rows.
RATIOS = {
    "accuracy": ("right", "known"),
    "accuracy_no_ties": ("right_both", "both"),
    "accuracy_calibrated": ("right_calibrated", "decided"),
    "brier": ("squared", "decided"),
    "flip_rate": ("flipped", "all"),
    "position_bias": ("bias", "all"),
    "length_bias": ("longer_more", "apart"),
    "agreement": ("against_alike", "against"),
    "agreement_no_ties": ("against_sided_alike", "against_sided"),
    "human_agreement": ("votes_alike", "votes"),
    "human_agreement_no_ties": ("votes_sided_alike", "votes_sided"),
}


def _bootstrap(columns: dict[str, Floats], groups: Ints, n_boot: int, seed: int) -> dict[str, Figure]:
    names = list(columns)
    ids, place = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(ids), len(names)))
    np.add.at(sums, place, np.column_stack([columns[name] for name in names]))
    whole = dict(zip(names, sums.sum(axis=0, keepdims=True).T, strict=True))
    rng = np.random.default_rng(seed)
    blocks: list[Floats] = []
    size = max(1, 2_000_000 // max(len(ids), 1))
    for start in range(0, n_boot, size):
        draws = min(size, n_boot - start)
        weights = rng.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=draws)
        blocks.append(weights @ sums)
    drawn = dict(zip(names, np.concatenate(blocks).T, strict=True)) if blocks else whole
    exact, spread = _figures(whole), _figures(drawn)
    return {
        name: _figure(float(exact[name][0]), spread[name], float(whole[_counted(name)][0])) for name in exact
    }


def _counted(name: str) -> str:
    if name in RATIOS:
        return RATIOS[name][1]
    return {"kappa": "known", "kappa_no_ties": "both", "ece": "decided"}[name]


def _figure(value: float, drawn: Floats, n: float) -> Figure:
    finite = drawn[np.isfinite(drawn)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return Figure(value, float(low), float(high), int(n))


def _figures(sums: dict[str, Floats]) -> dict[str, Floats]:
    """Every figure from the sums, one value per resample."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {name: sums[above] / sums[below] for name, (above, below) in RATIOS.items()}
        cells = np.stack([sums[f"cell{a}{b}"] for a in range(3) for b in range(3)], axis=-1)
        table = cells.reshape(*cells.shape[:-1], 3, 3)
        found["kappa"] = _kappa(table)
        found["kappa_no_ties"] = _kappa(table[..., [0, 2], :][..., [0, 2]])
        gaps = np.stack([np.abs(sums[f"bin{number}"]) for number in range(BINS)], axis=-1)
        found["ece"] = gaps.sum(axis=-1) / sums["decided"]
    return found


def _kappa(table: Floats) -> Floats:
    n = table.sum(axis=(-2, -1))
    observed = np.trace(table, axis1=-2, axis2=-1) / n
    expected = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / n**2
    return np.where(expected < 1.0, (observed - expected) / (1.0 - expected), np.nan)


def _reliability(calibrated: Floats, target: Floats, decided: NDArray[np.bool_]) -> list[ReliabilityBin]:
    rows = decided & ~np.isnan(calibrated)
    chance, came = calibrated[rows], target[rows]
    cell = _bin_of(chance)
    return [
        ReliabilityBin(
            low=number / BINS,
            high=(number + 1) / BINS,
            said=float(chance[cell == number].mean()),
            came=float(came[cell == number].mean()),
            n=int((cell == number).sum()),
        )
        for number in range(BINS)
        if (cell == number).any()
    ]
