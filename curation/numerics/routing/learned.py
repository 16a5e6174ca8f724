"""The learned router: how likely the model's label is wrong, from features nobody had to be paid for.

A ridge logistic regression. Under a budget, the pairs with the highest probability go to people: each label
bought there is worth that probability of a corrected label, which is the expected gain of a route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.numerics.threads import one_matrix_thread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
INNER_FOLDS = 4
LEAST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Router:
    """P(the model's label is wrong) = σ(constant + Σ weights · (x − centre) / scale), NaN as centre."""

    names: tuple[str, ...]
    centre: Floats
    scale: Floats
    weights: Floats
    constant: float
    penalty: float
    rows: int

    def probability(self, features: Floats) -> Floats:
        """For features (n, F), (n,)."""
        return _sigmoid(self._parts(features).sum(axis=1) + self.constant)

    def reasons(self, row: Floats, *, most: int = 2) -> list[tuple[str, float]]:
        """The features that raise the probability of one pair most, with the logits they add."""
        parts = self._parts(row[None, :])[0]
        order = np.argsort(-parts, kind="stable")[:most]
        return [(self.names[place], float(parts[place])) for place in order if parts[place] > 0.05]

    def _parts(self, features: Floats) -> Floats:
        away = np.where(np.isfinite(features), features, self.centre) - self.centre
        return np.asarray(away / self.scale * self.weights)

    def as_json(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "constant": self.constant,
            "penalty": self.penalty,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Router:
        return cls(
            tuple(stored["names"]),
            np.array(stored["centre"]),
            np.array(stored["scale"]),
            np.array(stored["weights"]),
            stored["constant"],
            stored["penalty"],
            stored["rows"],
        )


@one_matrix_thread()
def fit_router(
    features: Floats,
    wrong: NDArray[np.bool_],
    groups: Ints,
    names: Sequence[str],
    *,
    penalty: float | None = None,
) -> Router:
    """Fit on n pairs with features (n, F) and whether the model's label was wrong.

    The penalty is the one of ``PENALTIES`` with the lowest log-loss over folds of whole prompts, unless it is
    given. With fewer than 20 rows, or one outcome only, nothing is learned: all weights are 0.
    """
    centre, scale = _standard(features)
    clean = (np.where(np.isfinite(features), features, centre) - centre) / scale
    target = wrong.astype(np.float64)
    rate = (target.sum() + 0.5) / (len(target) + 1.0)
    constant = float(np.log(rate / (1 - rate)))
    if len(target) < LEAST_ROWS or target.min() == target.max():
        flat = np.zeros(features.shape[1])
        return Router(tuple(names), centre, scale, flat, constant, float("inf"), len(target))
    chosen = penalty if penalty is not None else _best_penalty(clean, target, groups)
    fitted = _logistic(clean, target, chosen)
    return Router(tuple(names), centre, scale, fitted[1:], float(fitted[0]), chosen, len(target))


@one_matrix_thread()
def cross_fit(
    features: Floats, wrong: NDArray[np.bool_], groups: Ints, *, folds: int = 10, seed: int = 0
) -> Floats:
    """P(wrong) of every pair by a router that saw no pair of its prompt, (n,)."""
    fold = prompt_folds(groups, folds=folds, seed=seed)
    found = np.full(len(wrong), np.nan)
    names = [""] * features.shape[1]
    for number in np.unique(fold):
        held = fold == number
        if held.all():
            found[:] = float(wrong.mean())
        else:
            router = fit_router(features[~held], wrong[~held], groups[~held], names)
            found[held] = router.probability(features[held])
    return found


@dataclass(frozen=True, slots=True)
class Separation:
    """How well cross-fitted probabilities tell wrong labels from right ones: the area under the ROC curve
    with the middle 95 % of resamples of whole prompts. NaN where all labels are right, or all wrong."""

    value: float
    low: float
    high: float
    rows: int

    @property
    def routes(self) -> bool:
        """Whether the router may route: it is better than random beyond doubt."""
        return bool(np.isfinite(self.low) and self.low > 0.5)


def separation(
    probability: Floats, wrong: NDArray[np.bool_], groups: Ints, *, resamples: int = 500, seed: int = 0
) -> Separation:
    """AUROC of ``probability`` for ``wrong``, with an interval."""
    known, place = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    order = np.argsort(probability, kind="stable")
    _levels, level = np.unique(probability[order], return_inverse=True)
    hit = wrong[order].astype(np.float64)
    found = []
    if 0 < wrong.sum() < len(wrong):
        draws = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=resamples)
        for drawn in [np.ones(len(known)), *draws]:
            weight = drawn[place][order].astype(np.float64)
            found.append(_weighted_auroc(level, weight * hit, weight * (1 - hit)))
    if not found:
        return Separation(np.nan, np.nan, np.nan, len(wrong))
    low, high = np.nanpercentile(found[1:], [2.5, 97.5])
    return Separation(found[0], float(low), float(high), len(wrong))


def _weighted_auroc(level: Ints, positive: Floats, negative: Floats) -> float:
    above, below = np.bincount(level, positive), np.bincount(level, negative)
    pairs = float(positive.sum() * negative.sum())
    beaten = np.concatenate([[0.0], np.cumsum(below)[:-1]])
    return float((above * (beaten + below / 2)).sum()) / pairs if pairs else float("nan")


def prompt_folds(groups: Ints, *, folds: int, seed: int) -> Ints:
    """A fold for every row, (n,): whole prompts, dealt out at random into folds of equal size."""
    known, place = np.unique(groups, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(known)) % folds
    return np.asarray(dealt[place], dtype=np.int64)


def _best_penalty(features: Floats, target: Floats, groups: Ints) -> float:
    fold = prompt_folds(groups, folds=INNER_FOLDS, seed=0)
    losses = np.zeros(len(PENALTIES))
    for number in np.unique(fold):
        held = fold == number
        if held.all() or target[~held].min() == target[~held].max():
            continue
        start: Floats | None = None
        for place, penalty in reversed(list(enumerate(PENALTIES))):
            start = _logistic(features[~held], target[~held], penalty, start)
            logit = features[held] @ start[1:] + start[0]
            losses[place] += float(np.logaddexp(0, np.where(target[held] > 0, -logit, logit)).sum())
    return PENALTIES[int(np.argmin(losses))]


def _logistic(features: Floats, target: Floats, penalty: float, start: Floats | None = None) -> Floats:
    """Newton's method for Σ log-loss + penalty/2 ‖weights‖², the constant unpenalised; (1 + F,)."""
    design = np.column_stack([np.ones(len(target)), features])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 1e-6
    theta = np.zeros(design.shape[1]) if start is None else start.copy()
    for _step in range(30):
        probability = _sigmoid(design @ theta)
        gradient = design.T @ (probability - target) + ridge * theta
        if np.abs(gradient).max() < 1e-6 * len(target):
            break
        weight = np.maximum(probability * (1 - probability), 1e-9)
        hessian = (design * weight[:, None]).T @ design + np.diag(ridge)
        theta = theta - np.clip(np.linalg.solve(hessian, gradient), -5, 5)
    return theta


def _standard(features: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(features)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, features, 0.0)
    centre = values.sum(axis=0) / count
    spread = np.sqrt((np.where(known, features - centre, 0.0) ** 2).sum(axis=0) / count)
    return centre, np.where(spread > 1e-9, spread, 1.0)


def _sigmoid(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -60, 60))))
