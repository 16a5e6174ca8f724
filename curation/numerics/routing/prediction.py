"""The performance prediction model (PPM): how good a mixture will be, from the tags of what people label.

Ridge regression on tag shares, linear or quadratic, after arXiv 2410.19133 §3 with a penalty in place of the
minimum norm. It has to show first that it predicts: where the interval of its cross-validated rank
correlation covers 0, it must not route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curation.numerics.threads import one_matrix_thread

Floats = NDArray[np.float64]
Kind: TypeAlias = Literal["linear", "quadratic"]

PENALTIES = tuple(10.0**power for power in np.arange(-2.0, 4.5, 0.5))
FOLDS = 10
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class PerformanceModel:
    """A polynomial of tag shares: score(v) = Σ linear·x + Σ upper triangle of quadratic·xᵢxⱼ, x = v / size.

    ``size``: pairs in the data set, so that counts become shares. ``quadratic`` is (T, T), zero below its
    diagonal, and all zero for the linear kind. The constant is left out: only differences matter.
    """

    kind: Kind
    linear: Floats
    quadratic: Floats
    size: float = 1.0

    def score(self, counts: Floats) -> Floats:
        """Predicted score of mixtures, (C,), in deviations of the target, from their tag counts (C, T)."""
        shares = np.asarray(counts, dtype=np.float64) / self.size
        return np.asarray(shares @ self.linear + ((shares @ self.quadratic) * shares).sum(axis=1))

    def slope(self, counts: Floats) -> Floats:
        """What one more pair of each tag would add to a mixture with these counts, (T,)."""
        shares = np.asarray(counts, dtype=np.float64) / self.size
        return np.asarray((self.linear + (self.quadratic + self.quadratic.T) @ shares) / self.size)


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Rank correlation of what was predicted for mixtures not fitted on with how they did; NaN and refused
    where either side never varies. ``predicted`` and ``seen`` are in standard deviations: the scatter."""

    kind: Kind
    spearman: float
    low: float
    high: float
    rmse: float
    predicted: Floats
    seen: Floats

    @property
    def routes(self) -> bool:
        """Whether the model may route: its interval lies above 0."""
        return bool(np.isfinite(self.low) and self.low > 0)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The chosen model with its evidence, and that of the other kind."""

    model: PerformanceModel
    chosen: CrossValidation
    others: tuple[CrossValidation, ...]

    @property
    def routes(self) -> bool:
        return self.chosen.routes


@one_matrix_thread()
def fit_performance(
    counts: Floats,
    scores: Floats,
    *,
    size: float,
    seed: int = 0,
    kinds: tuple[Kind, ...] = ("linear", "quadratic"),
) -> Prediction:
    """Fit both kinds on C mixtures, keep the one with the higher cross-validated Spearman.

    ``counts`` (C, T) are tag counts of the human part, ``scores`` (C,) how each mixture did. The penalty of
    each fit is chosen by leave-one-out error inside its own rows, so that the folds stay unseen. Raises
    ValueError for fewer than 20 mixtures or scores that are not finite.
    """
    shares = np.asarray(counts, dtype=np.float64) / size
    seen = np.asarray(scores, dtype=np.float64)
    if len(seen) < 2 * FOLDS or shares.shape[0] != len(seen):
        raise ValueError(f"A prediction model needs {2 * FOLDS} mixtures or more, and a score for each.")
    if not np.isfinite(seen).all():
        raise ValueError("Every mixture needs a finite score.")
    spread = seen.std()
    target = (seen - seen.mean()) / spread if spread > 1e-12 else np.zeros_like(seen)
    checked = sorted(
        (_cross_validate(kind, shares, target, seed) for kind in kinds),
        key=lambda one: -np.inf if np.isnan(one.spearman) else one.spearman,
        reverse=True,
    )
    best = checked[0]
    return Prediction(_polynomial(best.kind, shares, target, size), best, tuple(checked[1:]))


def gains(model: PerformanceModel, tags: NDArray[np.uint8]) -> Floats:
    """Δᵢ = PPM(xᵢ) − PPM(0), (n,): what one pair alone is expected to buy, by its tags (n, T)."""
    return model.score(tags.astype(np.float64))


def spearman(first: Floats, second: Floats) -> float:
    """Rank correlation with average ranks; NaN where either side never varies."""
    one, other = _ranks(first[None, :])[0], _ranks(second[None, :])[0]
    return float(_correlation(one[None, :], other[None, :])[0])


def _expand(kind: Kind, scaled: Floats) -> Floats:
    if kind == "linear":
        return scaled
    rows, columns = np.triu_indices(scaled.shape[1])
    return np.hstack([scaled, scaled[:, rows] * scaled[:, columns]])


@dataclass(frozen=True, slots=True)
class _Ridge:
    """A ridge fit on centred, scaled shares: the map to features and their coefficients."""

    kind: Kind
    centre: Floats
    scale: Floats
    offset: Floats
    weights: Floats
    constant: float

    def predict(self, shares: Floats) -> Floats:
        features = _expand(self.kind, (shares - self.centre) / self.scale) - self.offset
        return np.asarray(features @ self.weights + self.constant)


def _fit_ridge(kind: Kind, shares: Floats, target: Floats) -> _Ridge:
    centre = shares.mean(axis=0)
    deviation = shares.std(axis=0)
    scale = np.where(deviation > 1e-12, deviation, np.inf)
    features = _expand(kind, (shares - centre) / scale)
    offset = features.mean(axis=0)
    features = features - offset
    constant = float(target.mean())
    # Dual form: there are always fewer mixtures than products of tags.
    values, vectors = np.linalg.eigh(features @ features.T)
    values = np.maximum(values, 0.0)
    rotated = vectors.T @ (target - constant)
    width = max(int((deviation > 1e-12).sum()), 1)
    best, best_error = PENALTIES[-1] * width, np.inf
    for penalty in (step * width for step in PENALTIES):
        shrunk = values / (values + penalty)
        leverage = (vectors**2) @ shrunk + 1 / len(target)
        left_out = (target - constant - vectors @ (shrunk * rotated)) / np.maximum(1 - leverage, 1e-6)
        error = float((left_out**2).mean())
        if error < best_error:
            best, best_error = penalty, error
    weights = features.T @ (vectors @ (rotated / (values + best)))
    return _Ridge(kind, centre, scale, offset, weights, constant)


def _cross_validate(kind: Kind, shares: Floats, target: Floats, seed: int) -> CrossValidation:
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(target)) % FOLDS
    predicted = np.zeros(len(target))
    for number in range(FOLDS):
        kept = fold != number
        predicted[~kept] = _fit_ridge(kind, shares[kept], target[kept]).predict(shares[~kept])
    if target.std() == 0 or predicted.std() < 1e-12:
        return CrossValidation(kind, np.nan, np.nan, np.nan, np.nan, predicted, target)
    drawn = rng.integers(0, len(target), size=(RESAMPLES, len(target)))
    found = _correlation(_ranks(predicted[drawn]), _ranks(target[drawn]))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    rmse = float(np.sqrt(((predicted - target) ** 2).mean()))
    return CrossValidation(
        kind, spearman(predicted, target), float(low), float(high), rmse, predicted, target
    )


def _polynomial(kind: Kind, shares: Floats, target: Floats, size: float) -> PerformanceModel:
    """The ridge fit in plain shares: centring and scaling are affine, so it stays a polynomial."""
    fit = _fit_ridge(kind, shares, target)
    width = shares.shape[1]
    linear = fit.weights[:width] / fit.scale
    square = np.zeros((width, width))
    if kind == "quadratic":
        rows, columns = np.triu_indices(width)
        square[rows, columns] = fit.weights[width:] / (fit.scale[rows] * fit.scale[columns])
        linear = linear - (square + square.T) @ fit.centre
    return PerformanceModel(kind, linear, square, size)


def _ranks(values: Floats) -> Floats:
    """Average ranks along each row."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    new = np.ones_like(ordered, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    width = values.shape[1]
    places = np.broadcast_to(np.arange(width), values.shape)
    first = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    ends = np.concatenate([new[:, 1:], np.ones((len(values), 1), dtype=bool)], axis=1)
    last = np.minimum.accumulate(np.where(ends, places, width)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty_like(values, dtype=np.float64)
    np.put_along_axis(ranks, order, (first + last) / 2.0, axis=1)
    return ranks


def _correlation(one: Floats, other: Floats) -> Floats:
    one = one - one.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one * other).sum(axis=1) / np.where(size > 0, size, np.nan))
